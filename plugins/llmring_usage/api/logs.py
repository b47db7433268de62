"""Logged calls over HTTP: pages with a keyset cursor, and the export as CSV or NDJSON."""

from typing import Annotated
from urllib.parse import urlencode

import falcon.asgi
import msgspec

from llmring_server.contracts.usage import CallFilter, LogEntry
from llmring_server.http import codec
from llmring_server.http.operations import operation
from llmring_usage.queries.export import CSV, MEDIA, Format
from llmring_usage.queries.reader import UsageReader


class PageQuery(CallFilter, frozen=True):
    """A page of calls: at most `limit`, after `cursor` (from the Link header) or `offset`."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    offset: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 0
    cursor: str | None = None


class ExportQuery(CallFilter, frozen=True):
    """The export: every call that fits, as `csv` or `ndjson`."""

    format: Format = "csv"


class Logs:
    """`/logs`: calls, newest first."""

    def __init__(self, reader: UsageReader) -> None:
        self._reader = reader

    @operation(query=PageQuery, answer=list[LogEntry])
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: PageQuery) -> list[LogEntry]:
        """A page of logged calls; `Link: …; rel="next"` leads to the next, each call exactly once."""
        page = await self._reader.page(req.context.project_id, query, query.limit, query.cursor, query.offset)
        if page.more:
            resp.set_header("Link", f'<{_next(req, page.cursors[-1])}>; rel="next"')
        return page.entries


class Export:
    """`/logs/export`: every call that fits, streamed in constant memory."""

    def __init__(self, reader: UsageReader) -> None:
        self._reader = reader

    @operation(query=ExportQuery, media=(CSV, codec.NDJSON))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: ExportQuery) -> None:
        """Export logged calls as CSV or NDJSON, newest first, in one snapshot."""
        resp.stream = await self._reader.export(req.context.project_id, query, query.format)
        resp.content_type = MEDIA[query.format]
        resp.set_header("Content-Disposition", f'attachment; filename="usage.{query.format}"')


def _next(req: falcon.asgi.Request, cursor: str) -> str:
    kept = {name: value for name, value in req.params.items() if name not in ("cursor", "offset")}
    return f"{req.path}?{urlencode({**kept, 'cursor': cursor})}"
