"""The log pages: a filtered list of calls, one call with its cost calculation, and a download of the list."""

from collections.abc import Iterable
from urllib.parse import urlencode

import msgspec

from llmring_dashboard.frame import Frame, Framed, Visit
from llmring_dashboard.pages import Page
from llmring_dashboard.views import View, view
from llmring_server.contracts.usage import CallFilter, UsageReading
from llmring_server.errors import Problem
from llmring_server.lifecycle import Server
from llmring_server.routing import Route
from llmring_server.zones import zone_of

PAGE_ROWS = 50
NAMES = ("model", "alias", "provider", "profile", "origin")


class LogsQuery(CallFilter, frozen=True):
    """Filters, and the cursor after which to continue."""

    after: str | None = None


class Zoned(msgspec.Struct, frozen=True):
    """The time zone for times."""

    tz: str | None = None


class Logs(Framed):
    """`/ui/logs` and below."""

    def __init__(self, frame: Frame, usage: UsageReading) -> None:
        super().__init__(frame)
        self._usage = usage

    @view(query=LogsQuery)
    async def on_get(self, visit: Visit, query: LogsQuery) -> View:
        """List calls, newest first."""
        page = await self._usage.page(visit.project_id, query, PAGE_ROWS, query.after)
        return View("logs.html", {
            "rows": list(zip(page.entries, page.cursors, strict=True)),
            "chosen": query,
            "names": NAMES,
            "zones": self.frame.zones,
            "zone": zone_of(query.tz or self._usage.timezone),
            "first": PAGE.path + _query(query) if query.after else None,
            "next": PAGE.path + _query(query, after=page.cursors[-1]) if page.more else None,
            "download": f"{PAGE.path}.csv{_query(query)}",
        })  # fmt: skip

    @view(query=CallFilter, media="text/csv")
    async def on_get_file(self, visit: Visit, query: CallFilter) -> None:
        """Export the filtered calls as CSV."""
        if visit.reads_content:
            visit.resp.stream = await self._usage.csv(visit.project_id, query)
        visit.resp.content_type = "text/csv; charset=utf-8"
        visit.resp.set_header("Content-Disposition", 'attachment; filename="usage.csv"')

    @view(query=Zoned)
    async def on_get_one(self, visit: Visit, query: Zoned, place: str) -> View:
        """Show one call and its cost calculation."""
        try:
            call = await self._usage.call(visit.project_id, place)
        except Problem as problem:
            raise _unknown() from problem
        if call is None:
            raise _unknown()
        return View("call.html", {
            "call": call, "entry": call.entry, "zone": zone_of(query.tz or self._usage.timezone),
            "metadata": _readable(call.entry.metadata), "tags": _readable(call.entry.tags),
        })  # fmt: skip


def _query(chosen: CallFilter, **more: str) -> str:
    """Return the query string with the same filters."""
    members = {name: getattr(chosen, name) for name in CallFilter.__struct_fields__}
    given = {name: value for name, value in members.items() if value is not None} | more
    return f"?{urlencode(given)}" if given else ""


def _readable(content: msgspec.Raw | None) -> str | None:
    """Return indented JSON with numbers as sent."""
    if content is None or content == msgspec.Raw(b"null"):
        return None
    return msgspec.json.format(bytes(content), indent=2).decode()


def _unknown() -> Problem:
    return Problem(404, "This project has no such call.")


def _routes(server: Server, frame: Frame) -> Iterable[Route]:
    logs = Logs(frame, server.service(UsageReading))
    return [
        Route(path=PAGE.path, resource=logs, public=True),
        Route(path=f"{PAGE.path}.csv", resource=logs, suffix="file", public=True),
        Route(path=f"{PAGE.path}/{{place}}", resource=logs, suffix="one", public=True),
    ]


PAGE = Page(name="logs", title="Logs", reads=UsageReading, routes=_routes)
