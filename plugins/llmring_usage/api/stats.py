"""`/stats`: the totals of a range."""

from typing import Annotated

import falcon.asgi
import msgspec

from llmring_server.contracts.usage import Period, Statistics
from llmring_server.contracts.usage_filters import Breakdown, CallFilter
from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation
from llmring_usage.queries.reader import UsageReader
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.breakdown_sql import DIMENSIONS, validate_dimensions
from llmring_usage.statistics.periods import Grouping


class UsageStatsQuery(CallFilter, frozen=True):
    """`/stats`: a filter, its grouping over time or its breakdown by dimensions, and the format of the response."""

    group_by: Grouping = "day"
    format: str | None = None
    by: Annotated[
        tuple[str, ...],
        msgspec.Meta(max_length=2, description=f"One or two of {', '.join(DIMENSIONS)}, tag.<name>."),
    ] = ()
    top: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 100


class UsageStats:
    """`/stats`: the totals of a range, broken down by each name that a call carries."""

    def __init__(self, reader: UsageReader, settings: UsageSettings) -> None:
        self._reader = reader
        self._settings = settings

    @operation(query=UsageStatsQuery, answer=(Statistics, list[Period], Breakdown))
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: UsageStatsQuery
    ) -> Statistics | list[Period] | Breakdown:
        """Statistics of matching calls, all parts from one snapshot; `by` names one or two dimensions of a breakdown.

        `format=rows` returns only the periods.
        """
        if query.by:
            validate_dimensions(query.by, DIMENSIONS)
            return await self._reader.breakdown(req.context.project_id, query, list(query.by), query.top)
        form = query.format or self._settings.stats_format
        if form not in ("full", "rows"):
            raise Problem.validation("query", "format", msg="Must be full or rows.")
        found = await self._reader.statistics(req.context.project_id, query, query.group_by)
        return found.by_period if form == "rows" else found
