"""Usage: every call logged with its exact cost, once, and turned into statistics that add up."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from llmring_server import bundled
from llmring_server.contracts import Billing, PriceList, PriorBilling, UsageEntries, UsageReceipts
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
from llmring_usage.api.log_and_stats import Stats, UsageBatch, UsageLog
from llmring_usage.api.logs import Export, Logs
from llmring_usage.ingest import metrics
from llmring_usage.ingest.billing import Settled, UsageBilling
from llmring_usage.ingest.entry_to_row import Recorder
from llmring_usage.ingest.events import Announcer
from llmring_usage.ingest.metrics import Batches
from llmring_usage.ingest.receipts import Receipts
from llmring_usage.ingest.replay import Replay
from llmring_usage.ingest.repository import Ledger
from llmring_usage.ingest.writer import UsageWriter
from llmring_usage.journal.journal import Journal
from llmring_usage.maintenance.hourly import Upkeep
from llmring_usage.pricing.aggregate import BAND_TERMS
from llmring_usage.pricing.calculators import CALCULATORS
from llmring_usage.queries.reader import UsageReader
from llmring_usage.queries.usage_logs import UsageLogs
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.alias_traffic import UsageTraffic
from llmring_usage.statistics.query import UsageSums
from llmring_usage.tables.entry_lookup import UsageRegister
from llmring_usage.tables.partitions import Partitions
from llmring_usage.tables.statement_lines import LoggedLines

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
    """Offer billing, reading and who calls what; hold this server's recorder and writer, and what keeps the tables."""
    settings = server.plugin_settings(UsageSettings)
    partitions = Partitions(server.database)
    receipts = Receipts(lambda: server.service(UsageReceipts, default=None))
    ledger = Ledger(server.database, partitions, settings, receipts)
    recorder = Recorder(lambda: server.service(PriceList, default=None), CALCULATORS[settings.calculator])
    announcer = Announcer(server)
    batches = Batches(announcer)
    journal = Journal(settings.journal_dir, settings) if settings.journal_dir else None
    reader = UsageReader(UsageSums(server.database, settings), UsageLogs(server.database), settings)
    return {
        **({Journal: journal} if journal else {}),
        Batches: batches,
        Billing: UsageBilling(server.database, partitions, recorder, ledger, settings, announcer),
        Receipts: receipts,
        Recorder: recorder,
        Upkeep: Upkeep(server.database, partitions, settings, lambda: server.service(StatementsDue, default=None)),
        UsageEntries: UsageRegister(server.database),
        UsageLines: LoggedLines(server.database),
        UsageReader: reader,
        UsageReading: reader,
        Traffic: UsageTraffic(server.database, recorder, BAND_TERMS[settings.calculator], ZoneInfo(settings.timezone)),
        UsageWriter: UsageWriter(ledger, settings, batches, journal),
    }


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve the usage calls of the contract."""
    settings = server.plugin_settings(UsageSettings)
    writer = server.service(UsageWriter)
    recorder = server.service(Recorder)
    settled = _settled(server)
    reader = server.service(UsageReader)
    return [
        Route(path=f"{PREFIX}/log", resource=UsageLog(recorder, writer, settled)),
        Route(path=f"{PREFIX}/log/batch", resource=UsageBatch(recorder, writer, settled), batch=True),
        Route(path=f"{PREFIX}/logs", resource=Logs(reader)),
        Route(path=f"{PREFIX}/logs/export", resource=Export(reader)),
        Route(path=f"{PREFIX}/stats", resource=Stats(reader, settings)),
    ]


@hookimpl
def llmring_metrics(server: Server) -> Iterable[Metric]:
    """Show what waits for the database, in memory and in the journal, and how much is written at once."""
    journal = server.service(Journal, default=None)
    found = metrics.of_writing(server.service(UsageWriter), server.service(Batches))
    return [*found, *metrics.of_journal(journal)] if journal else found


@hookimpl
def llmring_commands() -> Iterable[click.Command]:
    """Add `llmring-server usage …`."""
    return [commands.usage]


@hookimpl
@asynccontextmanager
async def llmring_lifespan(server: Server) -> AsyncIterator[None]:
    """Write while the server runs; what waits at its end is written first, to the journal if need be."""
    async with server.service(Upkeep).running(), _journal(server), server.service(UsageWriter).running():
        yield


def _journal(server: Server) -> AbstractAsyncContextManager[None]:
    """Run the journal, where there is one."""
    journal = server.service(Journal, default=None)
    if journal is None:
        return nullcontext()
    settings = server.plugin_settings(UsageSettings)
    ledger = Ledger(server.database, Partitions(server.database), settings, server.service(Receipts))
    return journal.running(server.database.ping, Replay(ledger, _settled(server), settings, server.service(Batches)))


def _settled(server: Server) -> Settled:
    """Return who knows of calls that another feature has billed."""
    return Settled(server.service(PriorBilling, default=None), server.service(Receipts), server.database)


@hookimpl
def llmring_health(server: Server) -> Iterable[HealthCheck]:
    """Say when calls wait in the journal; that is no reason to send traffic elsewhere."""
    journal = server.service(Journal, default=None)
    return [HealthCheck("usage journal", journal.check, critical=False)] if journal else []
