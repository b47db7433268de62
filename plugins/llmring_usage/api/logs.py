"""`/logs` and below: pages of logged calls with a keyset cursor, one call, and the export as CSV or NDJSON."""

from typing import Annotated
from urllib.parse import urlencode

import falcon.asgi
import msgspec

from llmring_server.contracts.usage import LogEntry, LoggedCall
from llmring_server.contracts.usage_filters import CallFilter
from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation
from llmring_usage.queries.export import CSV, MEDIA, Format
from llmring_usage.queries.reader import UsageReader


class UsageLogsQuery(CallFilter, frozen=True):
    """A page of calls: at most `limit` and about 1 MiB, after `cursor` (from the Link header) or `offset`."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    offset: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 0
    cursor: str | None = None


class UsageExportQuery(CallFilter, frozen=True):
    """The export: every matching call, as `csv`, or as `ndjson` (the same as `jsonl`).

    With `bom`, CSV begins with a byte order mark, by which spreadsheets recognise UTF-8.
    """

    format: Format = "csv"
    bom: bool = False


class LogPages:
    """`/logs`: calls, newest first, and each of them."""

    def __init__(self, reader: UsageReader) -> None:
        self._reader = reader

    @operation(query=UsageLogsQuery, answer=list[LogEntry])
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: UsageLogsQuery
    ) -> list[LogEntry]:
        """A page of logged calls; `Link: …; rel="next"` is the next page. Each call is on exactly one page."""
        page = await self._reader.full_page(req.context.project_id, query, query.limit, query.cursor, query.offset)
        if page.more:
            resp.set_header("Link", f'<{_next_page(req, page.cursors[-1])}>; rel="next"')
        return page.entries

    @operation(answer=LoggedCall, errors=(404,))
    async def on_get_one(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, log_id: str) -> LoggedCall:
        """One logged call, the calculation of its cost, and the id of its receipt."""
        found = await self._reader.find(req.context.project_id, log_id)
        if found is None:
            raise Problem(404, "This project has no such call.")
        return found


class LogExport:
    """`/logs/export`: every matching call, streamed in constant memory."""

    def __init__(self, reader: UsageReader) -> None:
        self._reader = reader

    @operation(query=UsageExportQuery, media=(CSV, *codec.NDJSON_TYPES))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: UsageExportQuery) -> None:
        """Export logged calls as CSV or NDJSON, newest first, in one snapshot."""
        if query.bom and query.format != "csv":
            raise Problem.validation("query", "bom", msg="Only for format=csv.")
        resp.stream = await self._reader.export(req.context.project_id, query, query.format, bom=query.bom)
        resp.content_type = MEDIA[query.format]
        resp.set_header("Content-Disposition", f'attachment; filename="usage.{query.format}"')


def _next_page(req: falcon.asgi.Request, cursor: str) -> str:
    query = {name: value for name, value in req.params.items() if name not in ("cursor", "offset")}
    return f"{req.path}?{urlencode({**query, 'cursor': cursor}, doseq=True)}"
