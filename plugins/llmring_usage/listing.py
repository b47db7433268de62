"""Logged calls over HTTP: pages with a keyset cursor, and the export as CSV or NDJSON."""

import base64
import csv
import io
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import falcon.asgi
import msgspec

from llmring_server import wire
from llmring_server.errors import Problem
from llmring_server.operations import operation
from llmring_usage.models import LogEntry
from llmring_usage.periods import range_of, zone_of
from llmring_usage.settings import UsageSettings
from llmring_usage.store import Filter, Position, UsageLogs

CSV = "text/csv"
MEDIA = {"csv": f"{CSV}; charset=utf-8", "ndjson": wire.NDJSON}

_position = msgspec.json.Decoder(Position)


class FilterQuery(msgspec.Struct, frozen=True):
    """Which calls: a range of time, and exact values of alias, model, provider, profile and origin."""

    alias: str | None = None
    model: str | None = None
    provider: str | None = None
    profile: str | None = None
    origin: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    tz: str | None = None


class PageQuery(FilterQuery, frozen=True):
    """A page of calls: at most `limit`, after `cursor` (from the Link header) or `offset`."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    offset: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 0
    cursor: str | None = None


class ExportQuery(FilterQuery, frozen=True):
    """The export: every call that fits, as `csv` or `ndjson`."""

    format: Literal["csv", "ndjson"] = "csv"


class Logs:
    """`/logs`: calls, newest first."""

    def __init__(self, logs: UsageLogs, settings: UsageSettings) -> None:
        self._logs = logs
        self._zone = settings.timezone

    @operation(query=PageQuery, answer=list[LogEntry])
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: PageQuery) -> list[LogEntry]:
        """A page of logged calls; `Link: …; rel="next"` leads to the next, each call exactly once."""
        after = read_cursor(query.cursor) if query.cursor else None
        offset = 0 if after else query.offset
        found = await self._logs.page(
            req.context.project_id, _filter(query, self._zone), query.limit + 1, after, offset
        )
        page = found[: query.limit]
        if len(found) > query.limit:
            resp.set_header("Link", f'<{_next(req, page[-1])}>; rel="next"')
        return page


class Export:
    """`/logs/export`: every call that fits, streamed in constant memory."""

    def __init__(self, logs: UsageLogs, settings: UsageSettings) -> None:
        self._logs = logs
        self._zone = settings.timezone

    @operation(query=ExportQuery, media=(CSV, wire.NDJSON))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: ExportQuery) -> None:
        """Export logged calls as CSV or NDJSON, newest first, in one snapshot."""
        chunks = self._logs.stream(req.context.project_id, _filter(query, self._zone))
        first: list[LogEntry] = await anext(chunks, [])
        resp.content_type = MEDIA[query.format]
        resp.set_header("Content-Disposition", f'attachment; filename="usage.{query.format}"')
        resp.stream = _rendered(first, chunks, _csv if query.format == "csv" else _ndjson)


async def _rendered(first: list[LogEntry], chunks: AsyncIterator[list[LogEntry]], render: Any) -> AsyncIterator[bytes]:
    yield render(first, header=True)
    async for chunk in chunks:
        yield render(chunk, header=False)


def _ndjson(entries: list[LogEntry], *, header: bool) -> bytes:
    return b"".join(wire.encode(entry) + b"\n" for entry in entries)


def _csv(entries: list[LogEntry], *, header: bool) -> bytes:
    """Render CSV (RFC 4180); text that a spreadsheet would take for a formula gets a leading apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        writer.writerow(LogEntry.__struct_fields__)
    for entry in entries:
        writer.writerow([_cell(value) for value in msgspec.structs.astuple(entry)])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, msgspec.Raw):
        return bytes(value).decode()
    if isinstance(value, str) and value[:1] in "=+-@\t\r" and value:
        return "'" + value
    if hasattr(value, "isoformat"):
        return msgspec.to_builtins(value)
    return format(value, "f") if hasattr(value, "is_finite") else value


def _filter(query: FilterQuery, reporting: str) -> Filter:
    span = range_of(query.start_date, query.end_date, zone_of(query.tz or reporting))
    return Filter(span, query.alias, query.model, query.provider, query.profile, query.origin)


def write_cursor(entry: LogEntry) -> str:
    """Return the cursor that leads behind an entry."""
    return base64.urlsafe_b64encode(wire.encode(Position(entry.logged_at, entry.id))).rstrip(b"=").decode()


def read_cursor(text: str) -> Position:
    """Return the position of a cursor.

    Raises:
        Problem: 422 for a text that is none of ours.
    """
    try:
        return _position.decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, msgspec.MsgspecError) as error:
        raise Problem.misfit("query", "cursor", msg="no cursor of this list; take it from the Link header") from error


def _next(req: falcon.asgi.Request, last: LogEntry) -> str:
    kept = {name: value for name, value in req.params.items() if name not in ("cursor", "offset")}
    return f"{req.path}?{urlencode({**kept, 'cursor': write_cursor(last)})}"
