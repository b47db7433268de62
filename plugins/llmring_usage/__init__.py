"""Usage: every call logged once with its exact cost, and statistics that add up."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from llmring_server import bundled
from llmring_server.contracts import (
    Billing,
    PriceList,
    PriorBilling,
    UsageEntries,
    UsageReceipts,
)
from llmring_server.contracts.metrics import Metric
from llmring_server.contracts.projects import OperatorReading, ProjectNames
from llmring_server.contracts.receipts import ReceiptBook
from llmring_server.contracts.serving import OutageService, RecentKeys
from llmring_server.contracts.statements import StatementsDue
from llmring_server.contracts.traffic import Traffic
from llmring_server.contracts.usage import UsageReading
from llmring_server.contracts.usage_lines import UsageLines
from llmring_server.http.endpoints.health import HealthCheck
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.server import Server
from llmring_usage.api.arriving import ArrivalChecks
from llmring_usage.api.log import UsageBatch, UsageLog
from llmring_usage.api.logs import LogExport, LogPages
from llmring_usage.api.prices import PriceDifferences, PriceLookup, PriceOverrides
from llmring_usage.api.stats import UsageStats
from llmring_usage.ingest import metrics
from llmring_usage.ingest.billing import PriorBillingLookup, UsageBilling
from llmring_usage.ingest.entry_to_row import EntryPricer
from llmring_usage.ingest.events import UsageEvents
from llmring_usage.ingest.metrics import BatchMetrics
from llmring_usage.ingest.names_limit import NamesLimit
from llmring_usage.ingest.receipts import EntryReceipts
from llmring_usage.ingest.replay import JournalReplay
from llmring_usage.ingest.repository import UsageRepository
from llmring_usage.ingest.storage.node_writers import NodeWriters
from llmring_usage.ingest.storage.storing import StoringListeners
from llmring_usage.ingest.writer import UsageWriter
from llmring_usage.journal.journal import Journal
from llmring_usage.journal.outage import Ingest
from llmring_usage.maintenance import commands
from llmring_usage.maintenance.automatic import AutomaticPricing
from llmring_usage.maintenance.corrections import wiring as corrections
from llmring_usage.maintenance.hourly import Maintenance
from llmring_usage.maintenance.repricing_events import RepricingEvents
from llmring_usage.prices.book import PriceBook
from llmring_usage.prices.bundled import BundledPrices
from llmring_usage.prices.commands import prices as prices_command
from llmring_usage.prices.differences import PriceComparison
from llmring_usage.prices.own.source import OwnPrices
from llmring_usage.prices.own.store import OverrideStore
from llmring_usage.prices.own.updates import PriceUpdates
from llmring_usage.prices.refresh import PriceRefresh
from llmring_usage.prices.registry import RegistryPrices
from llmring_usage.pricing.aggregate import TIER_TERMS
from llmring_usage.queries.corrections import CorrectionLookup
from llmring_usage.queries.reader import UsageReader
from llmring_usage.queries.usage_logs import UsageLogs
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.alias_traffic import UsageTraffic
from llmring_usage.statistics.filtered import FilteredStatistics
from llmring_usage.statistics.projects import ProjectsQuery
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
    partitions, receipts = Partitions(database), EntryReceipts(StoringListeners(server))
    names, prior_billing = NamesLimit(settings.names_per_day), PriorBillingLookup(receipts, database)

    def create_repository() -> UsageRepository:
        return UsageRepository(database, partitions, settings, receipts, names)

    exact = settings.prices_match == "exact"
    bundled_prices = BundledPrices(exact=exact)
    prices = PriceBook(OwnPrices(), RegistryPrices(), bundled_prices, calculator=settings.calculator, exact=exact)
    store = OverrideStore(database, server.notifications)
    updates = PriceUpdates(prices, store, server.notifications, settings.prices_file)
    automatic = AutomaticPricing(database, prices, settings.timezone, RepricingEvents(server), settings.tags)
    updates.on_change = prices.on_change = automatic.changed
    pricer = EntryPricer(prices, settings.max_tokens, ArrivalChecks(server))
    batches = BatchMetrics(events := UsageEvents(server))
    journal = Journal(settings.journal_dir, settings) if settings.journal_dir else None
    replay = JournalReplay(create_repository(), prior_billing, settings, batches)
    writer = NodeWriters(database, create_repository, settings, batches, journal)
    ingest = Ingest(writer, journal, replay, database, lambda: server.waiting)
    statistics, filtered = StatisticsQuery(database, settings), FilteredStatistics(database, settings)
    reader = UsageReader(statistics, filtered, UsageLogs(database), CorrectionLookup(database), settings)
    return {
        **({Journal: journal, OutageService: ingest} if journal else {}),
        AutomaticPricing: automatic,
        BatchMetrics: batches,
        Billing: UsageBilling(database, partitions, pricer, create_repository(), settings, events),
        EntryPricer: pricer,
        EntryReceipts: receipts,
        Ingest: ingest,
        JournalReplay: replay,
        NamesLimit: names,
        Maintenance: Maintenance(database, partitions, settings),
        OperatorReading: ProjectsQuery(database, settings),
        OverrideStore: store,
        PriceBook: prices,
        PriceComparison: PriceComparison(database, prices),
        PriceRefresh: PriceRefresh(prices, settings.prices_refresh_url),
        PriceUpdates: updates,
        PriorBillingLookup: prior_billing,
        Traffic: UsageTraffic(database, prices, TIER_TERMS[settings.calculator], ZoneInfo(settings.timezone)),
        UsageEntries: EntryLookup(database),
        UsageLines: StatementLines(database),
        UsageReader: reader,
        UsageReading: reader,
        UsageWriter: writer,
        **corrections.create_services(server, settings, pricer, receipts),
    }


@hookimpl
def llmring_connect(server: Server) -> None:
    """Use the registry's prices, and the receipts, statements, bills, keys and zones of other plugins, if any."""
    server.service(PriceBook).use_registry(server.service(PriceList, default=None))
    server.service(UsageReader).receipts = server.service(ReceiptBook, default=None)
    server.service(EntryReceipts).issuer = server.service(UsageReceipts, default=None)
    server.service(PriorBillingLookup).prior = server.service(PriorBilling, default=None)
    server.service(JournalReplay).recent_keys = server.service(RecentKeys, default=None)
    server.service(UsageReader).projects = server.service(ProjectNames, default=None)
    server.service(Maintenance).retention.statements = server.service(StatementsDue, default=None)


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve `/log`, `/log/batch`, `/logs` and below, `/stats` and `/prices`."""
    pricer, writer = server.service(EntryPricer), server.service(UsageWriter)
    prior_billing = server.service(PriorBillingLookup)
    reader, settings = server.service(UsageReader), server.plugin_settings(UsageSettings)
    logs, overrides = LogPages(reader), PriceOverrides(server.service(OverrideStore), server.service(PriceUpdates))
    return [
        Route(path=f"{PREFIX}/log", resource=UsageLog(pricer, writer, prior_billing), during_outage=writer.has_journal),
        Route(
            path=f"{PREFIX}/log/batch",
            resource=UsageBatch(pricer, writer, prior_billing),
            batch=True,
            during_outage=writer.has_journal,
        ),
        Route(path=f"{PREFIX}/logs", resource=logs),
        Route(path=f"{PREFIX}/logs/{{log_id}}", resource=logs, suffix="one"),
        Route(path=f"{PREFIX}/logs/export", resource=LogExport(reader)),
        *corrections.create_routes(server, f"{PREFIX}/logs/{{log_id}}"),
        Route(path=f"{PREFIX}/stats", resource=UsageStats(reader, settings)),
        Route(path=f"{PREFIX}/prices", resource=PriceLookup(server.service(PriceBook), ZoneInfo(settings.timezone))),
        Route(path=f"{PREFIX}/prices/differences", resource=PriceDifferences(server.service(PriceComparison))),
        Route(path=f"{PREFIX}/prices/overrides", resource=overrides),
        Route(path=f"{PREFIX}/prices/overrides/{{price_id}}", resource=overrides, suffix="one"),
    ]


@hookimpl
def llmring_metrics(server: Server) -> Iterable[Metric]:
    """Report the queue and the journal in front of the database, and the sizes of batches."""
    journal = server.service(Journal, default=None)
    found = metrics.writer_metrics(
        server.service(UsageWriter), server.service(BatchMetrics), server.service(NamesLimit)
    )
    return [*found, *metrics.journal_metrics(journal)] if journal else found


@hookimpl
def llmring_commands() -> Iterable[click.Command]:
    """Add `llmring-server usage …` and `llmring-server prices …`."""
    return [commands.usage, prices_command]


@hookimpl
@asynccontextmanager
async def llmring_lifespan(server: Server) -> AsyncIterator[None]:
    """Maintain the tables, price and write calls while the server runs."""
    await server.service(PriceBook).bundled.load()
    maintenance, pricing = server.service(Maintenance).running(), server.service(AutomaticPricing).running()
    own_prices, bundled_prices = server.service(PriceUpdates).running(), server.service(PriceRefresh).running()
    async with own_prices, bundled_prices, maintenance, pricing, server.service(Ingest).running():
        yield


@hookimpl
def llmring_health(server: Server) -> Iterable[HealthCheck]:
    """Report calls that wait in the journal; not critical, so that traffic still reaches this server."""
    journal = server.service(Journal, default=None)
    return [HealthCheck("usage journal", journal.check, critical=False)] if journal else []
