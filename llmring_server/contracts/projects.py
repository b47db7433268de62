"""The contracts of projects: names and time zones, managed keys, keys that name no project, usage of all projects."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable

import msgspec

from llmring_server.contracts.usage_filters import Breakdown, CallFilter


class ProjectDetails(msgspec.Struct, frozen=True):
    """The name of a project, and its IANA time zone; None where none is set."""

    project_id: str
    name: str | None = None
    timezone: str | None = None


@runtime_checkable
class ProjectNames(Protocol):
    """The names and time zones of projects. Without a provider, a project has only its id.

    Raises:
        psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
    """

    async def find(self, project: str) -> ProjectDetails:
        """Return the details of a project; usually without I/O."""
        ...

    async def find_names(self, projects: Sequence[str]) -> Mapping[str, str]:
        """Return the name of each project that has one."""
        ...


class ChangedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A committed change of a managed key, as listeners receive it, never with the secret.

    A key is `issued`, also when an existing one is adopted; `rotated`, with the successor in `replaced_by`, which is
    not announced as issued; or `revoked`.
    """

    project_id: str
    key_id: str
    change: Literal["issued", "rotated", "revoked"]
    changed_at: datetime
    replaced_by: str | None = None


class ManagedProject(msgspec.Struct, frozen=True):
    """A project of managed keys: the name it was created with, and the number of its keys that are valid now."""

    name: str | None
    keys: int


@runtime_checkable
class ManagedProjects(Protocol):
    """The projects of managed keys. Without a provider, each key names its own project."""

    async def find_projects(self, projects: Sequence[str]) -> Mapping[str, ManagedProject]:
        """Return those of the projects that have managed keys."""
        ...


@runtime_checkable
class ReservedKeys(Protocol):
    """Secrets that are no project keys, although any text would name a project. Without a provider, there are none."""

    def is_reserved(self, key: str) -> bool:
        """Whether a key is one of these secrets; compared in constant time."""
        ...


ProjectSort = Literal["cost", "requests", "errors", "unpriced", "last_call"]


class ProjectUsage(msgspec.Struct, frozen=True):
    """The calls of one project in a range; `cost` is USD and without the `unpriced` calls.

    `last_call` is the time of the last call in UTC: where its raw row was dropped, the start of its quarter hour.
    """

    project_id: str
    cost: Decimal
    requests: int
    errors: int
    unpriced: int
    last_call: datetime


class ProjectUsagePage(msgspec.Struct, frozen=True):
    """A page of projects, and the cursor of the next one, None after the last."""

    projects: list[ProjectUsage]
    next: str | None


@runtime_checkable
class OperatorReading(Protocol):
    """The usage of all projects, for the operator of a deployment.

    Raises:
        Problem: 422 for an invalid date, time zone, cursor or dimension.
        psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
    """

    async def project_page(
        self,
        start_date: str | None,
        end_date: str | None,
        tz: str | None,
        sort: ProjectSort,
        limit: int,
        cursor: str | None,
    ) -> ProjectUsagePage:
        """Return up to `limit` projects with calls in a range of days, the highest first, after a cursor.

        Both days are inclusive, in `tz` or the reporting zone; by default they are the last 30 days.
        """
        ...

    async def breakdown(self, chosen: CallFilter, by: Sequence[str], top: int) -> Breakdown:
        """Return the sums of the calls of all projects that match a filter, as `/stats?by=`, also by `project`.

        Without a range, it is the last 30 days in the reporting zone.
        """
        ...
