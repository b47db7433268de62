"""The log pages: a filtered list of calls, one call with its cost calculation, and a download of the list."""

from collections.abc import Iterable

import msgspec

from llmring_dashboard.rendering.layout import Layout
from llmring_dashboard.rendering.pages import FeaturePage
from llmring_dashboard.usage import filters
from llmring_server.contracts.usage import LogEntry, UsageReading
from llmring_server.contracts.usage_filters import CallFilter
from llmring_server.http.errors import Problem
from llmring_server.http.routing import Route
from llmring_server.plugins.pages.views import view
from llmring_server.plugins.pages.visit import PageResource, TemplateResponse, Visit
from llmring_server.runtime.timezones import zone_of
from llmring_server.server import Server

PAGE_SIZE = 50
KINDS = {
    "fresh_tokens": "Fresh input",
    "cache_read_tokens": "Cache reads",
    "cache_write_5m_tokens": "Cache writes, 5 minutes",
    "cache_write_30m_tokens": "Cache writes, 30 minutes",
    "cache_write_1h_tokens": "Cache writes, 1 hour",
    "cache_write_12h_tokens": "Cache writes, 12 hours",
    "cache_write_tokens": "Cache writes, unspecified lifetime",
    "audio_input_tokens": "Audio input",
    "cached_audio_tokens": "Cached audio input",
    "image_input_tokens": "Image input",
    "cached_image_tokens": "Cached image input",
    "video_input_tokens": "Video input",
    "output_tokens": "Output",
    "reasoning_tokens": "Reasoning (part of output)",
    "audio_output_tokens": "Audio output (part of output)",
    "image_output_tokens": "Image output (part of output)",
    "video_output_tokens": "Video output (part of output)",
}
MAX_SHOWN_BYTES = 65_536


class LogsPageQuery(CallFilter, frozen=True):
    """Filters, and the cursor after which to continue."""

    after: str | None = None


class Logs(PageResource):
    """`/ui/logs` and below."""

    def __init__(self, layout: Layout, usage: UsageReading) -> None:
        super().__init__(layout)
        self._panels = layout.panels
        self._usage = usage

    @view(query=LogsPageQuery)
    async def on_get(self, visit: Visit, query: LogsPageQuery) -> TemplateResponse:
        """List calls, newest first."""
        page = await self._usage.page(visit.project_id, query, PAGE_SIZE, query.after)
        chosen = filters.filter_of(query)
        zone = zone_of(query.tz or await self._usage.default_timezone(visit.project_id))
        address = filters.build_address(chosen)
        following = filters.build_address(query, after=page.cursors[-1]) if page.more else None
        return TemplateResponse("usage/logs.html", {
            "rows": list(zip(page.entries, page.cursors, strict=True)),
            "notes_of": _read_notes,
            "query": query,
            "chips": (chips := filters.list_chips(chosen)),
            "form": filters.FilterForm(chips),
            "kept": address,
            "zones": self.layout.zones,
            "zone": zone,
            "of_call": filters.build_address(chosen, tz=zone.key),
            "first": PAGE.path + address if query.after else None,
            "next": PAGE.path + following if following else None,
            "download": f"{PAGE.path}.csv{address}",
        })  # fmt: skip

    @view(query=CallFilter, media="text/csv")
    async def on_get_file(self, visit: Visit, query: CallFilter) -> None:
        """Export the filtered calls as CSV."""
        if visit.has_body:
            visit.resp.stream = await self._usage.csv(visit.project_id, query)
        visit.resp.content_type = "text/csv; charset=utf-8"
        visit.resp.set_header("Content-Disposition", 'attachment; filename="usage.csv"')

    @view(query=CallFilter)
    async def on_get_one(self, visit: Visit, query: CallFilter, place: str) -> TemplateResponse:
        """Show one call and its cost calculation; the filters are those of the list that led here."""
        try:
            call = await self._usage.call(visit.project_id, place)
        except Problem as problem:
            raise _not_found() from problem
        if call is None:
            raise _not_found()
        zone = zone_of(query.tz or await self._usage.default_timezone(visit.project_id))
        return TemplateResponse("usage/call.html", {
            "call": call, "entry": call.entry, "zone": zone,
            "metadata": _format_json(call.entry.metadata), "tags": _format_json(call.entry.tags),
            "notes": _read_notes(call.entry), "kinds": list_kinds(call.entry), "kept": filters.build_address(query),
            "panels": await self._panels.load("call", visit, call.entry),
        })  # fmt: skip


def list_kinds(entry: LogEntry) -> list[tuple[str, int]]:
    """Return the label and the count of each kind of token, and of each unit, that a call has."""
    counts = [(label, getattr(entry, name) or 0) for name, label in KINDS.items()]
    units = {} if entry.units is None else msgspec.json.decode(entry.units, type=dict[str, int])
    return [(label, count) for label, count in [*counts, *units.items()] if count]


def _read_notes(entry: LogEntry) -> list[str]:
    """Return what an estimated cost substitutes."""
    return [] if entry.price_notes is None else msgspec.json.decode(entry.price_notes, type=list[str])


def _format_json(content: msgspec.Raw | None) -> str | None:
    """Return indented JSON with numbers as sent; of a large one, only the beginning."""
    if content is None or content == msgspec.Raw(b"null"):
        return None
    if len(content) > MAX_SHOWN_BYTES:
        begin = bytes(content)[:MAX_SHOWN_BYTES].decode(errors="ignore")
        return f"{begin}…\n\nThese are the first {MAX_SHOWN_BYTES:,} of {len(content):,} bytes."
    return msgspec.json.format(bytes(content), indent=2).decode()


def _not_found() -> Problem:
    return Problem(404, "This project has no such call.")


def _build_routes(server: Server, layout: Layout) -> Iterable[Route]:
    logs = Logs(layout, server.service(UsageReading))
    return [
        Route(path=PAGE.path, resource=logs, public=True),
        Route(path=f"{PAGE.path}.csv", resource=logs, suffix="file", public=True),
        Route(path=f"{PAGE.path}/{{place}}", resource=logs, suffix="one", public=True),
    ]


PAGE = FeaturePage(name="logs", title="Logs", contract=UsageReading, build_routes=_build_routes, is_filtered=True)
