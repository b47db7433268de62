"""Usage: every call logged once with its exact cost, and statistics that add up."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from llmring_server import bundled
from llmring_server.contracts import Billing, PriceList, PriorBilling, RecentKeys, UsageEntries, UsageReceipts
from llmring_server.contracts.metrics import Metric
from llmring_server.contracts.statements import StatementsDue
from llmring_server.contracts.traffic import Traffic
from llmring_server.contracts.usage import UsageReading
from llmring_server.contracts.usage_lines import UsageLines
from llmring_server.http.endpoints.health import HealthCheck
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.server import Server
from llmring_usage import commands
from llmring_usage.api.log import UsageBatch, UsageLog
from llmring_usage.api.logs import LogExport, LogPages
from llmring_usage.api.stats import UsageStats
from llmring_usage.ingest import metrics
from llmring_usage.ingest.billing import PriorBillingLookup, UsageBilling
from llmring_usage.ingest.entry_to_row import EntryPricer
from llmring_usage.ingest.events import UsageEvents
from llmring_usage.ingest.metrics import BatchMetrics
from llmring_usage.ingest.receipts import EntryReceipts
from llmring_usage.ingest.replay import JournalReplay
from llmring_usage.ingest.repository import UsageRepository
from llmring_usage.ingest.writer import UsageWriter
from llmring_usage.journal.journal import Journal
from llmring_usage.maintenance.hourly import Maintenance
from llmring_usage.pricing.aggregate import TIER_TERMS
from llmring_usage.pricing.calculators import CALCULATORS
from llmring_usage.pricing.price_book import UsagePriceBook
from llmring_usage.queries.reader import UsageReader
from llmring_usage.queries.usage_logs import UsageLogs
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.alias_traffic import UsageTraffic
from llmring_usage.statistics.query import StatisticsQuery
from llmring_usage.tables.entry_lookup import EntryLookup
from llmring_usage.tables.partitions import Partitions
from llmring_usage.tables.statement_lines import StatementLines

PREFIX = "/api/v1"


@hookimpl
def llmring_settings() -> type[UsageSettings]:
    """Read `[usage]`."""
    return UsageSettings


@hookimpl
def llmring_migrations() -> Path:
    """Create the log table, the rollups and the idempotency keys."""
    return bundled.migrations("usage")


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Provide billing, prices and reads to other plugins, and this server's writer, journal and maintenance."""
    settings, database = server.plugin_settings(UsageSettings), server.database
    partitions = Partitions(database)
    receipts = EntryReceipts(lambda: server.service(UsageReceipts, default=None))
    prior_billing = PriorBillingLookup(lambda: server.service(PriorBilling, default=None), receipts, database)
    repository = UsageRepository(database, partitions, settings, receipts)
    prices = UsagePriceBook(lambda: server.service(PriceList, default=None), CALCULATORS[settings.calculator])
    pricer = EntryPricer(prices)
    events = UsageEvents(server)
    batches = BatchMetrics(events)
    journal = Journal(settings.journal_dir, settings) if settings.journal_dir else None
    replay = JournalReplay(
        UsageRepository(database, partitions, settings, receipts), prior_billing, settings, batches,
        lambda: server.service(RecentKeys, default=None),
    )  # fmt: skip
    reader = UsageReader(StatisticsQuery(database, settings), UsageLogs(database), settings)
    return {
        **({Journal: journal} if journal else {}),
        BatchMetrics: batches,
        Billing: UsageBilling(database, partitions, pricer, repository, settings, events),
        EntryPricer: pricer,
        JournalReplay: replay,
        Maintenance: Maintenance(database, partitions, settings, lambda: server.service(StatementsDue, default=None)),
        UsagePriceBook: prices,
        PriorBillingLookup: prior_billing,
        Traffic: UsageTraffic(database, prices, TIER_TERMS[settings.calculator], ZoneInfo(settings.timezone)),
        UsageEntries: EntryLookup(database),
        UsageLines: StatementLines(database),
        UsageReader: reader,
        UsageReading: reader,
        UsageWriter: UsageWriter(repository, settings, batches, journal),
    }


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve `/log`, `/log/batch`, `/logs`, `/logs/export` and `/stats`."""
    pricer, writer = server.service(EntryPricer), server.service(UsageWriter)
    prior_billing = server.service(PriorBillingLookup)
    reader = server.service(UsageReader)
    return [
        Route(path=f"{PREFIX}/log", resource=UsageLog(pricer, writer, prior_billing), recent_keys=writer.has_journal),
        Route(
            path=f"{PREFIX}/log/batch",
            resource=UsageBatch(pricer, writer, prior_billing),
            batch=True,
            recent_keys=writer.has_journal,
        ),
        Route(path=f"{PREFIX}/logs", resource=LogPages(reader)),
        Route(path=f"{PREFIX}/logs/export", resource=LogExport(reader)),
        Route(path=f"{PREFIX}/stats", resource=UsageStats(reader, server.plugin_settings(UsageSettings))),
    ]


@hookimpl
def llmring_metrics(server: Server) -> Iterable[Metric]:
    """Report the queue and the journal in front of the database, and the sizes of batches."""
    journal = server.service(Journal, default=None)
    found = metrics.writer_metrics(server.service(UsageWriter), server.service(BatchMetrics))
    return [*found, *metrics.journal_metrics(journal)] if journal else found


@hookimpl
def llmring_commands() -> Iterable[click.Command]:
    """Add `llmring-server usage …`."""
    return [commands.usage]


@hookimpl
@asynccontextmanager
async def llmring_lifespan(server: Server) -> AsyncIterator[None]:
    """Write while the server runs; at its end, waiting entries are written, to the journal if necessary."""
    journal = server.service(Journal, default=None)
    replaying = (
        journal.running(server.database.check_writable, server.service(JournalReplay)) if journal else nullcontext()
    )
    async with server.service(Maintenance).running(), replaying, server.service(UsageWriter).running():
        yield


@hookimpl
def llmring_health(server: Server) -> Iterable[HealthCheck]:
    """Report calls that wait in the journal; not critical, so that traffic still reaches this server."""
    journal = server.service(Journal, default=None)
    return [HealthCheck("usage journal", journal.check, critical=False)] if journal else []
