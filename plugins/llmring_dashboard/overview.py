"""The overview page: cost, requests, tokens and latency of a period, by day and by name."""

import asyncio
import shlex
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from llmring_dashboard import charts, ranges, spend
from llmring_dashboard.frame import Frame, Framed, Visit
from llmring_dashboard.pages import Page
from llmring_dashboard.ranges import RangeQuery
from llmring_dashboard.views import View, view
from llmring_server.contracts.usage import CallFilter, Kind, Spending, Summary, UsageReading
from llmring_server.lifecycle import Server
from llmring_server.routing import Route

KINDS: tuple[tuple[Kind, str], ...] = (
    ("model", "Model"), ("alias", "Alias"), ("profile", "Profile"), ("origin", "Origin"), ("provider", "Provider")
)  # fmt: skip
PLURALS: Mapping[Kind, str] = {
    "model": "models", "alias": "aliases", "profile": "profiles", "origin": "origins", "provider": "providers"
}  # fmt: skip
CALL = (
    '{"provider": "openai", "model": "gpt-4o-mini", "input_tokens": 1200, "output_tokens": 80, "origin": "first try"}'
)


class OverviewQuery(RangeQuery, frozen=True):
    """The period and the breakdown."""

    by: Kind = "model"


class Overview(Framed):
    """`/ui/overview`."""

    def __init__(self, frame: Frame, usage: UsageReading) -> None:
        super().__init__(frame)
        self._usage = usage

    @view(query=OverviewQuery)
    async def on_get(self, visit: Visit, query: OverviewQuery) -> View:
        """Show cost, requests, tokens and latency of a period, compared with the previous one."""
        now = datetime.now(UTC)
        days = ranges.days_of(query, self._usage.timezone, now)
        found, before = await asyncio.gather(
            self._usage.spending(visit.project_id, *_named(days), query.by, days.step),
            self._usage.summary(visit.project_id, *_named(days.before())),
        )
        if not found.summary.total_requests and await self._is_new(visit.project_id):
            return View("first.html", {"curl": curl(visit.req.prefix)})
        bars = spend.bars(found.steps, days)
        chart = (
            await asyncio.to_thread(charts.stacked, bars, days.every()) if any(any(bar.costs) for bar in bars) else None
        )
        values = self._values(found, before, days, query.by)
        unfinished = days.last >= now.astimezone(days.zone).date()
        shown = {"picks": _picks(days, now), "bars": bars, "chart": chart, "unfinished": unfinished}
        shown["bar_columns"] = [(bar.label, "number") for bar in bars]
        return View("overview.html", {**values, **shown})

    async def _is_new(self, project: str) -> bool:
        """Whether nothing was ever logged: no call is stored, and no rollup has one."""
        if (await self._usage.page(project, CallFilter(), 1)).entries:
            return False
        return not (await self._usage.summary(project, None, None, None)).total_requests

    def _values(self, found: Spending, before: Summary, days: ranges.Days, by: Kind) -> dict[str, Any]:
        return {
            "days": days,
            "before": days.before(),
            "tiles": spend.tiles(found.summary, before),
            "lines": spend.top(found),
            "names": len(found.shares),
            "steps": spend.by_step(found.steps, days),
            "summary": found.summary,
            "by": by,
            "kinds": KINDS,
            "plural": PLURALS[by],
            "zones": self.frame.zones,
        }


def curl(prefix: str) -> str:
    """Return a command that logs a first call to the server at `prefix`, with the key from a variable."""
    return " \\\n  ".join((
        f"curl {shlex.quote(prefix + '/api/v1/log')}",
        '-H "X-Project-Key: $LLMRING_PROJECT_KEY"',
        "-H 'Content-Type: application/json'",
        f"-d '{CALL}'",
    ))  # fmt: skip


def _named(days: ranges.Days) -> tuple[str, str, str]:
    return days.first.isoformat(), days.last.isoformat(), days.zone.key


def _picks(days: ranges.Days, now: datetime) -> list[tuple[str, ranges.Days, bool]]:
    offered = ranges.picks(now.astimezone(days.zone).date(), days.zone)
    return [(name, found, found == days) for name, found in offered]


def _routes(server: Server, frame: Frame) -> Iterable[Route]:
    overview = Overview(frame, server.service(UsageReading))
    return [Route(path=PAGE.path, resource=overview, public=True)]


PAGE = Page(name="overview", title="Overview", reads=UsageReading, routes=_routes)
