"""The history of aliases over HTTP."""

from urllib.parse import urlencode

import falcon.asgi

from llmring_aliases.models import AliasHistoryEntry, AliasHistoryQuery
from llmring_aliases.tables.reader import AliasReader
from llmring_server.http.operations import operation


class HistoryResource:
    """`/history`: what was changed, by which key and when."""

    def __init__(self, reader: AliasReader) -> None:
        self._reader = reader

    @operation(query=AliasHistoryQuery, answer=list[AliasHistoryEntry])
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: AliasHistoryQuery
    ) -> list[AliasHistoryEntry]:
        """List changes, newest first; `Link: …; rel="next"` leads to older ones."""
        page, more = await self._reader.history_page(
            req.context.project_id, query.alias, query.profile, query.limit, query.cursor
        )
        if more:
            params = urlencode({**req.params, "cursor": page[-1].seq})
            resp.set_header("Link", f'<{req.path}?{params}>; rel="next"')
        return page
