"""`/api/v1/operator/…`: the usage of all projects, for the holder of the operator's token."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlencode

import falcon.asgi
import msgspec

from llmring_server.contracts.projects import (
    ManagedProjects,
    OperatorReading,
    ProjectNames,
    ProjectSort,
    ProjectUsage,
)
from llmring_server.contracts.usage_filters import Breakdown, BreakdownRow, CallFilter
from llmring_server.http.middleware.bearer_token import BearerToken
from llmring_server.http.operations import operation


class OperatorToken(BearerToken):
    """The token of the operator's routes: the contract `ReservedKeys`, as it is no project key."""

    def is_reserved(self, key: str) -> bool:
        """Whether a key is the token."""
        return self.matches(key)


class OperatorProjectsQuery(msgspec.Struct, frozen=True):
    """A page of projects in a range of days, both inclusive; by default of the last 30 days in the reporting zone."""

    start_date: str | None = None
    end_date: str | None = None
    tz: str | None = None
    sort: ProjectSort = "cost"
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    cursor: str | None = None


class OperatorProject(msgspec.Struct, frozen=True):
    """One project with its calls in the range; `cost` is USD and without the `unpriced` calls.

    `last_call` is the time of the last call; where its raw row was dropped, the start of its quarter hour. `keys` are
    the valid managed keys: null where keys are not managed.
    """

    project_id: str
    name: str | None
    cost: Decimal
    requests: int
    errors: int
    unpriced: int
    last_call: datetime
    keys: int | None


class OperatorStatsQuery(CallFilter, frozen=True):
    """A filter as that of `/stats`, and one or two dimensions, also `project`; by default of the last 30 days."""

    by: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=2)] = ("project",)
    top: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 100


class OperatorStatistics:
    """The statistics of all projects."""

    def __init__(self, token: OperatorToken, reading: OperatorReading, names: ProjectNames) -> None:
        self._token = token
        self._reading = reading
        self._names = names

    @operation(query=OperatorStatsQuery, answer=Breakdown, errors=(401, 403))
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: OperatorStatsQuery
    ) -> Breakdown:
        """Break the calls of all projects down by one or two dimensions, as `/stats` does; also by `project`.

        Rows of a project with a name have it as `project_name`. Requires the token in `LLMRING_OPERATOR_TOKEN`.
        """
        self._token.require(req)
        found = await self._reading.breakdown(query, query.by, query.top)
        resp.set_header("Cache-Control", "no-store")
        ids = {row.names["project"] for row in found.rows if row.names and "project" in row.names}
        names = await self._names.find_names(list(ids)) if ids else {}
        return msgspec.structs.replace(found, rows=[_with_name(row, names) for row in found.rows])


class OperatorProjectList:
    """The projects with calls in a range."""

    def __init__(
        self, token: OperatorToken, reading: OperatorReading, names: ProjectNames, managed: ManagedProjects | None
    ) -> None:
        self._token = token
        self._reading = reading
        self._names = names
        self._managed = managed

    @operation(query=OperatorProjectsQuery, answer=list[OperatorProject], errors=(401, 403))
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: OperatorProjectsQuery
    ) -> list[OperatorProject]:
        """List the projects with calls in a range, the highest first; `Link: …; rel="next"` leads to the next page.

        Requires the token in `LLMRING_OPERATOR_TOKEN`; project keys are not accepted. Without a configured token the
        response is 403.
        """
        self._token.require(req)
        page = await self._reading.project_page(
            query.start_date, query.end_date, query.tz, query.sort, query.limit, query.cursor
        )
        resp.set_header("Cache-Control", "no-store")
        if page.next is not None:
            resp.set_header("Link", f'<{req.path}?{urlencode({**req.params, "cursor": page.next})}>; rel="next"')
        return await self._describe(page.projects)

    async def _describe(self, projects: list[ProjectUsage]) -> list[OperatorProject]:
        ids = [project.project_id for project in projects]
        names = await self._names.find_names(ids)
        managed = await self._managed.find_projects(ids) if self._managed else None
        return [
            OperatorProject(
                name=names.get(one.project_id),
                keys=None if managed is None else managed[one.project_id].keys if one.project_id in managed else 0,
                **msgspec.structs.asdict(one),
            )
            for one in projects
        ]


def _with_name(row: BreakdownRow, names: Mapping[str, str]) -> BreakdownRow:
    name = names.get(row.names.get("project", "")) if row.names else None
    if name is None or row.names is None:
        return row
    return msgspec.structs.replace(row, names={**row.names, "project_name": name})
