"""The history of aliases over HTTP."""

from urllib.parse import urlencode

import falcon.asgi

from llmring_aliases.models import Entry, HistoryQuery
from llmring_aliases.tables.reader import AliasStore
from llmring_server.http.operations import operation


class History:
    """`/history`: who changed what when."""

    def __init__(self, store: AliasStore) -> None:
        self._store = store

    @operation(query=HistoryQuery, answer=list[Entry])
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: HistoryQuery) -> list[Entry]:
        """Changes, newest first; `Link: …; rel="next"` leads to older ones."""
        found = await self._store.history(
            req.context.project_id, query.alias, query.profile, query.limit + 1, query.cursor
        )
        page = found[: query.limit]
        if len(found) > query.limit:
            params = urlencode({**req.params, "cursor": page[-1].seq})
            resp.set_header("Link", f'<{req.path}?{params}>; rel="next"')
        return page
