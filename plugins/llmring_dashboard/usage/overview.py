"""The overview page: cost, requests, tokens and latency of a period, by day and by name."""

import asyncio
import shlex
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from llmring_dashboard.rendering.layout import Layout
from llmring_dashboard.rendering.pages import FeaturePage
from llmring_dashboard.usage import charts, date_ranges, filters, spending
from llmring_server.contracts.usage import Kind, Spending, Summary, UsageReading
from llmring_server.contracts.usage_filters import CallFilter
from llmring_server.http.routing import Route
from llmring_server.plugins.pages.views import view
from llmring_server.plugins.pages.visit import PageResource, TemplateResponse, Visit
from llmring_server.server import Server

BREAKDOWNS: tuple[tuple[Kind, str], ...] = (
    ("model", "Model"), ("alias", "Alias"), ("profile", "Profile"), ("origin", "Origin"), ("provider", "Provider")
)  # fmt: skip
PLURALS: Mapping[Kind, str] = {
    "model": "models", "alias": "aliases", "profile": "profiles", "origin": "origins", "provider": "providers"
}  # fmt: skip
EXAMPLE_CALL = (
    '{"provider": "openai", "model": "gpt-4o-mini", "input_tokens": 1200, "output_tokens": 80, "origin": "first try"}'
)


class OverviewQuery(CallFilter, frozen=True):
    """The period, the filters and the breakdown."""

    by: Kind = "model"


class Overview(PageResource):
    """`/ui/overview`."""

    def __init__(self, layout: Layout, usage: UsageReading) -> None:
        super().__init__(layout)
        self._panels = layout.panels
        self._usage = usage

    @view(query=OverviewQuery)
    async def on_get(self, visit: Visit, query: OverviewQuery) -> TemplateResponse:
        """Show cost, requests, tokens and latency of a period, compared with the previous one."""
        now = datetime.now(UTC)
        days = date_ranges.parse_range(query, await self._usage.default_timezone(visit.project_id), now)
        chosen = days.narrow(filters.filter_of(query))
        found, previous = await asyncio.gather(
            self._usage.spending(visit.project_id, chosen, query.by, days.step),
            self._usage.summary(visit.project_id, days.previous().narrow(chosen)),
        )
        if not found.summary.total_requests and await self._is_new(visit.project_id):
            return TemplateResponse("usage/first_call.html", {"curl": build_curl_command(visit.req.prefix)})
        bars = spending.build_bars(found.steps, days)
        chart = (
            await asyncio.to_thread(charts.draw_stacked_bars, bars, days.step_starts())
            if any(any(bar.costs) for bar in bars)
            else None
        )
        values = self._build_values(found, previous, days, query.by)
        in_progress = days.last >= now.astimezone(days.zone).date()
        shown = {"presets": _mark_presets(days, now), "bars": bars, "chart": chart, "in_progress": in_progress}
        shown |= {
            "chips": filters.list_chips(query),
            "kept": filters.build_address(filters.filter_of(query)),
            "of_period": lambda period: filters.build_address(period.narrow(query)),
            "of_calls": partial(filters.build_address, chosen),
        }
        shown["bar_columns"] = [(bar.label, "number") for bar in bars]
        shown["panels"] = await self._panels.load("overview", visit, chosen)
        return TemplateResponse("usage/overview.html", {**values, **shown})

    async def _is_new(self, project: str) -> bool:
        """Whether nothing was ever logged: no call is stored, and no rollup has one."""
        if (await self._usage.page(project, CallFilter(), 1)).entries:
            return False
        return not (await self._usage.summary(project, CallFilter())).total_requests

    def _build_values(
        self, found: Spending, previous: Summary, days: date_ranges.DateRange, by: Kind
    ) -> dict[str, Any]:
        return {
            "days": days,
            "previous": days.previous(),
            "tiles": spending.build_tiles(found.summary, previous),
            "breakdown": spending.rank_names(found),
            "shared_models": spending.list_shared_models(found),
            "total_names": found.names,
            "steps": spending.sum_by_step(found.steps, days),
            "summary": found.summary,
            "by": by,
            "breakdowns": BREAKDOWNS,
            "plural": PLURALS[by],
            "zones": self.layout.zones,
        }


def build_curl_command(prefix: str) -> str:
    """Return a command that logs a first call to the server at `prefix`, with the key from a variable."""
    return " \\\n  ".join((
        f"curl {shlex.quote(prefix + '/api/v1/log')}",
        '-H "X-Project-Key: $LLMRING_PROJECT_KEY"',
        "-H 'Content-Type: application/json'",
        f"-d '{EXAMPLE_CALL}'",
    ))  # fmt: skip


def _mark_presets(days: date_ranges.DateRange, now: datetime) -> list[tuple[str, date_ranges.DateRange, bool]]:
    presets = date_ranges.list_presets(now.astimezone(days.zone).date(), days.zone)
    return [(name, found, found == days) for name, found in presets]


def _build_routes(server: Server, layout: Layout) -> Iterable[Route]:
    overview = Overview(layout, server.service(UsageReading))
    return [Route(path=PAGE.path, resource=overview, public=True)]


PAGE = FeaturePage(
    name="overview", title="Overview", contract=UsageReading, build_routes=_build_routes, is_filtered=True
)
