"""Retention: dropping rows older than a number of days, automatically every hour or with a command."""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, Protocol, TypeVar

import click
import msgspec

from llmring_server.cli.context import run_with_server
from llmring_server.database import Database
from llmring_server.errors import StartupError
from llmring_server.server import Server

log = logging.getLogger(__name__)

MAX_DAYS = 36_500
CHUNK_ROWS = 1_000
PartT = TypeVar("PartT")


class Retention(Protocol[PartT]):
    """The retention of a feature's rows."""

    async def due(self, days: int) -> Sequence[PartT]:
        """Return the rows older than `days`, in parts; `str` of a part describes it."""
        ...

    async def drop(self, part: PartT) -> None:
        """Drop a part permanently."""
        ...


class ExpiredRows(msgspec.Struct, frozen=True):
    """The rows of all projects that are older than `before`, counted by kind: `{"messages": 12}`."""

    before: datetime
    counts: dict[str, int]

    def __str__(self) -> str:
        """Return the counts and the time."""
        counted = " with ".join(f"{count:,} {kind}" for kind, count in self.counts.items())
        return f"{counted}, older than {self.before:%Y-%m-%d %H:%M} UTC"


class OldRows:
    """Retention of a feature's tables, with three statements that have the parameter `before`.

    `due` counts the older rows, with one column per kind. `some` selects `project_id` and `id` of the `limit` oldest.
    `drop` deletes those `ids` of one `project`.
    """

    def __init__(self, database: Database, *, due: LiteralString, some: LiteralString, drop: LiteralString) -> None:
        self._database = database
        self._due = due
        self._some = some
        self._drop = drop

    async def due(self, days: int) -> list[ExpiredRows]:
        """Return the rows older than `days`: one part, or none."""
        before = datetime.now(UTC) - timedelta(days=days)
        counts = (await self._database.fetch(self._due, {"before": before}))[0]
        return [ExpiredRows(before, counts)] if any(counts.values()) else []

    async def drop(self, part: ExpiredRows) -> None:
        """Drop the rows in chunks, one project at a time."""
        while found := await self._database.fetch(self._some, {"before": part.before, "limit": CHUNK_ROWS}):
            by_project: dict[str, list[Any]] = defaultdict(list)
            for row in found:
                by_project[row["project_id"]].append(row["id"])
            for project, ids in by_project.items():
                given = {"before": part.before, "project": project, "ids": ids}
                await self._database.execute(self._drop, given)


async def drop_due(retention: Retention[PartT], days: int | None) -> None:
    """Drop the rows older than `days`; nothing when that is None."""
    for part in () if days is None else await retention.due(days):
        await retention.drop(part)
        log.info("dropped %s", part)


def retention_command(
    summary: str, variable: str, ours: Callable[[Server], tuple[Retention[Any], int | None]]
) -> click.Command:
    """Return the command `retention`; `ours` returns the feature's retention and the configured days.

    `variable` is the name of that setting's environment variable.
    """

    @click.command("retention", help=summary)
    @click.option(
        "--days", type=click.IntRange(min=1, max=MAX_DAYS), help=f"Keep this many days [default: {variable}]."
    )
    @click.option("--dry-run", is_flag=True, help="Only report what would be dropped.")
    def retention(days: int | None, dry_run: bool) -> None:
        async def work(server: Server) -> None:
            feature, configured = ours(server)
            keep = days or configured
            if keep is None:
                raise StartupError(f"no retention is set; give --days, or set {variable}")
            parts = await feature.due(keep)
            for part in parts:
                click.echo(f"{'would drop' if dry_run else 'dropping'} {part}")
                if not dry_run:
                    await feature.drop(part)
            if not parts:
                click.echo(f"nothing is older than {keep} days")

        run_with_server(work, lifespans=False)

    return retention
