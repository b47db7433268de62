"""`/stats`: the totals of a range."""

import falcon.asgi
import msgspec

from llmring_server.contracts.usage import Period, Statistics
from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation
from llmring_usage.queries.reader import UsageReader
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.periods import Grouping


class UsageStatsQuery(msgspec.Struct, frozen=True):
    """`/stats`: a range, its grouping, the time zone (default: the reporting zone), and the format of the response."""

    start_date: str | None = None
    end_date: str | None = None
    group_by: Grouping = "day"
    tz: str | None = None
    format: str | None = None


class UsageStats:
    """`/stats`: the totals of a range, broken down by each name that a call carries."""

    def __init__(self, reader: UsageReader, settings: UsageSettings) -> None:
        self._reader = reader
        self._settings = settings

    @operation(query=UsageStatsQuery, answer=Statistics)
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: UsageStatsQuery
    ) -> Statistics | list[Period]:
        """Statistics of a range, all parts from one snapshot; `format=rows` returns only the periods."""
        form = query.format or self._settings.stats_format
        if form not in ("full", "rows"):
            raise Problem.validation("query", "format", msg="Must be full or rows.")
        found = await self._reader.statistics(
            req.context.project_id, query.start_date, query.end_date, query.tz, query.group_by
        )
        return found.by_period if form == "rows" else found
