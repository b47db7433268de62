"""`llmring-server usage void`: void the entries that match a filter."""

import functools
import sys
from collections.abc import Sequence
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import click

from llmring_server.cli.context import run_with_server
from llmring_server.contracts.usage_filters import CallFilter
from llmring_server.http.errors import Problem
from llmring_server.http.query import parse_query
from llmring_server.server import Server
from llmring_usage.maintenance.corrections.bulk import Amount, BulkVoid
from llmring_usage.maintenance.corrections.events import CorrectionEvents
from llmring_usage.maintenance.corrections.store import CorrectionStore
from llmring_usage.pricing.calculators import EXACT, ZERO
from llmring_usage.queries.usage_logs import LogFilter
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.periods import Range, parse_range

RANGE = ("start_date", "end_date", "tz")


@click.command()
@click.option("--project", required=True, help="The project's id, prj_….")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A filter of /api/v1/logs, such as model=gpt-4o or tag.customer=acme; repeatable.",
)
@click.option("--since", help="From this date or time on (a bare date is a day in the reporting zone).")
@click.option("--until", help="Up to this time, or to the end of this date.")
@click.option("--reason", required=True, help="Why; it is stored with every entry.")
@click.option("--dry-run", is_flag=True, help="Only count the entries, and their cost.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def void(
    project: str, filters: Sequence[str], since: str | None, until: str | None, reason: str, dry_run: bool, yes: bool
) -> None:
    """Void the entries that match all filters: they stay readable, and count no longer.

    An interrupted run is continued by starting it again.
    """
    chosen = _parse_filters(filters)
    if not (filters or since or until):
        raise click.UsageError("Give a --filter, --since or --until: without any, all entries would be voided.")
    if not 1 <= len(reason) <= 500:
        raise click.BadParameter("Must have 1 to 500 characters.", param_hint="--reason")

    async def work(server: Server) -> None:
        settings, database = server.plugin_settings(UsageSettings), server.database
        store, events = CorrectionStore(database, settings.timezone, settings.tags), CorrectionEvents(server)
        span = parse_span(settings, since, until)
        bulk = BulkVoid(database, store, events, project, LogFilter(span, chosen))
        found = await bulk.count()
        if dry_run or not found.entries:
            click.echo(f"would void {_show(found)}" if found.entries else "nothing to void")
            return
        if not yes:
            click.confirm(f"Void {_show(found)}?", abort=True)
        click.echo(f"voided {_show(await _void(bulk, reason, found.entries))}")

    run_with_server(work)


async def _void(bulk: BulkVoid, reason: str, entries: int) -> Amount:
    amounts = []
    with click.progressbar(length=entries, label="voiding", file=sys.stderr) as bar:
        async for amount in bulk.run(reason):
            amounts.append(amount)
            bar.update(amount.entries)
    cost = functools.reduce(EXACT.add, (amount.cost for amount in amounts), ZERO)
    return Amount(sum(amount.entries for amount in amounts), cost)


def parse_span(settings: UsageSettings, since: str | None, until: str | None) -> Range:
    """Return the range of time of the options, in the reporting zone.

    Raises:
        click.BadParameter: not a date or a time.
    """
    try:
        return parse_range(since, until, ZoneInfo(settings.timezone))
    except Problem as problem:
        raise click.BadParameter(str(problem.description)) from problem


def _parse_filters(filters: Sequence[str]) -> CallFilter:
    pairs = [one.partition("=") for one in filters]
    for pair in pairs:
        if not pair[2]:
            raise click.BadParameter(f"{pair[0]!r} is not NAME=VALUE.", param_hint="--filter")
        if pair[0] in RANGE:
            raise click.BadParameter("Use --since and --until.", param_hint="--filter")
    try:
        return parse_query(urlencode([(name, value) for name, _, value in pairs]), CallFilter)
    except Problem as problem:
        raise click.BadParameter(str(problem.description), param_hint="--filter") from problem


def _show(amount: Amount) -> str:
    return f"{amount.entries:,} entries, {amount.cost:f} USD"
