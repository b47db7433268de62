"""`llmring-server usage retention | verify | rebuild | reprice | void | quarantine`."""

import sys
from collections import defaultdict
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import click

from llmring_server.cli.context import run_with_server
from llmring_server.cli.retention import retention_command
from llmring_server.server import Server
from llmring_usage.journal.quarantine_command import quarantine
from llmring_usage.maintenance.audit import Audit
from llmring_usage.maintenance.combination_fill import CombinationFill
from llmring_usage.maintenance.corrections.commands import void
from llmring_usage.maintenance.reprice import PriceCorrection, Repricing, RowSelection
from llmring_usage.maintenance.retention import UsageRetention
from llmring_usage.maintenance.time_options import parse_span
from llmring_usage.prices.book import PriceBook
from llmring_usage.settings import UsageSettings
from llmring_usage.tables.state import TIMEZONE, UsageState


@click.group()
def usage() -> None:
    """Manage logged usage: retention, audit of the sums, repricing, voids, quarantined calls."""


def _retention(server: Server) -> tuple[UsageRetention, int | None]:
    return UsageRetention(server.database), server.plugin_settings(UsageSettings).retention_days


usage.add_command(quarantine)
usage.add_command(void)
usage.add_command(
    retention_command(
        "Drop whole months of raw rows that are older than the retention; their sums stay in the statistics.",
        "LLMRING_USAGE_RETENTION_DAYS",
        _retention,
    )
)


def _audit(server: Server, zone: str) -> Audit:
    return Audit(server.database, ZoneInfo(zone), server.plugin_settings(UsageSettings).tags)


@usage.command()
def verify() -> None:
    """Recompute the sums from raw rows and report differences; exit status 1 when there are any."""

    async def work(server: Server) -> int:
        zone = await UsageState(server.database).get(TIMEZONE) or server.plugin_settings(UsageSettings).timezone
        differences = 0
        async for finding in _audit(server, zone).verify():
            differences += finding.differences
            if finding.differences:
                click.echo(f"{finding.first:%Y-%m}: {finding.differences:,} keys differ: {finding.check}")
        return differences

    off = run_with_server(work, lifespans=False)
    if off:
        click.echo(f"{off:,} differences; `llmring-server usage rebuild` repairs them")
        sys.exit(1)
    click.echo("no differences")


@usage.command()
@click.option("--tags", is_flag=True, help="Only count the sums by LLMRING_USAGE_TAGS again, after a change of it.")
def rebuild(tags: bool) -> None:
    """Repair the sums from raw rows; after a change of LLMRING_USAGE_TIMEZONE, recompute the days (servers stopped)."""

    async def recount(server: Server) -> None:
        settings = server.plugin_settings(UsageSettings)
        zone = ZoneInfo(settings.timezone)
        fill = CombinationFill(server.database, zone, settings.tags, settings.names_per_day)
        await fill.begin()
        first = await fill.recount()
        click.echo(f"calls are summed by {', '.join(settings.tags) or 'no tag'}")
        if first is not None:
            click.echo(f"days before {first} keep their sums: their raw rows were dropped")

    async def work(server: Server) -> None:
        zone = server.plugin_settings(UsageSettings).timezone
        stored = await UsageState(server.database).get(TIMEZONE)
        audit = _audit(server, zone)
        if stored is not None and stored != zone:
            await audit.recount_days()
            click.echo(f"days are now counted in {zone}, no longer in {stored}")
        repaired = 0
        async for finding in audit.repair():
            repaired += finding.differences
            if finding.differences:
                click.echo(f"{finding.first:%Y-%m}: repaired {finding.differences:,} keys: {finding.check}")
        click.echo(f"repaired {repaired:,} keys" if repaired else "nothing to repair")

    run_with_server(recount if tags else work, lifespans=False)


@usage.command()
@click.option("--since", help="From this date or time on (a bare date is a day in the reporting zone).")
@click.option("--until", help="Up to this time, or to the end of this date.")
@click.option("--model", help="Only this model: `gpt-4o-mini` or `openai:gpt-4o-mini`.")
@click.option("--all", "every", is_flag=True, help="Priced calls too, not only unpriced and estimated ones.")
@click.option(
    "--at", type=click.Choice(["call", "today"]), default="call", show_default=True,
    help="Prices of the time of each call, or of today.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only show what would change, by model and source.")
def reprice(since: str | None, until: str | None, model: str | None, every: bool, at: str, dry_run: bool) -> None:
    """Price unpriced and estimated calls again, and correct rows and sums together.

    A cost that a client sent is never changed. An interrupted run continues where it stopped.
    """

    async def work(server: Server) -> None:
        settings = server.plugin_settings(UsageSettings)
        span = parse_span(settings, since, until)
        selection = RowSelection(span.start, span.end, model, every=every, today=at == "today")
        prices = server.service(PriceBook)
        repricing = Repricing(server.database, prices, settings.timezone, selection, settings.tags)
        await prices.refresh(await repricing.oldest())
        changes = await _reprice(repricing, dry_run)
        _show(changes, dry_run)

    run_with_server(work)


Change = tuple[str, str]


async def _reprice(repricing: Repricing, dry_run: bool) -> dict[Change, list[Any]]:
    """Run a repricing with a progress bar, and return rows, old and new cost (USD) by model and change of source.

    The old cost is None for unpriced calls.
    """
    changes: dict[Change, list[Any]] = defaultdict(lambda: [0, None, Decimal(0)])
    with click.progressbar(length=await repricing.rows(), label="repricing", file=sys.stderr) as bar:
        async for progress in repricing.run(dry_run=dry_run):
            for correction in progress.corrections:
                _count(changes[_change(correction)], correction)
            bar.update(progress.seen)
    return changes


def _change(correction: PriceCorrection) -> Change:
    before = correction.old_status if correction.old_cost is None else correction.old_source
    return f"{correction.provider}:{correction.model}", f"{before} → {correction.price_source or 'registry'}"


def _count(change: list[Any], correction: PriceCorrection) -> None:
    change[0] += 1
    if correction.old_cost is not None:
        change[1] = correction.old_cost + (change[1] or 0)
    change[2] += correction.cost


def _show(changes: dict[Change, list[Any]], dry_run: bool) -> None:
    for (model, source), (rows, old, new) in sorted(changes.items()):
        before, difference = ("unpriced", "") if old is None else (f"{old:f}", f" ({new - old:+f})")
        click.echo(f"{model} ({source}): {rows:,} rows, {before} → {new:f} USD{difference}")
    total = sum(rows for rows, _, _ in changes.values())
    click.echo(f"{'would correct' if dry_run else 'corrected'} {total:,} rows" if total else "nothing to correct")
