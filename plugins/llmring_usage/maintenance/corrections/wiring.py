"""The services and routes of corrections, for the plugin's hooks."""

from collections.abc import Iterable, Mapping

from llmring_server.contracts.usage_lines import UsageCorrections
from llmring_server.http.routing import Route
from llmring_server.server import Server
from llmring_usage.api.corrections import EntryCorrections
from llmring_usage.ingest.entry_to_row import EntryPricer
from llmring_usage.ingest.receipts import EntryReceipts
from llmring_usage.maintenance.corrections.events import CorrectionEvents
from llmring_usage.maintenance.corrections.service import Corrections
from llmring_usage.maintenance.corrections.store import CorrectionStore
from llmring_usage.settings import UsageSettings
from llmring_usage.tables.corrections import CorrectionLookup
from llmring_usage.tables.state import UsageState


def create_services(
    server: Server, settings: UsageSettings, pricer: EntryPricer, receipts: EntryReceipts
) -> Mapping[type, object]:
    """Offer corrections, and their lookup for other plugins."""
    database, events = server.database, CorrectionEvents(server)
    store, lookup = CorrectionStore(database, settings.timezone, settings.tags), CorrectionLookup(database)
    return {
        Corrections: Corrections(store, lookup, UsageState(database), pricer, receipts, events),
        UsageCorrections: lookup,
    }


def create_routes(server: Server, entry: str) -> Iterable[Route]:
    """Return the routes below that of one entry."""
    corrections = EntryCorrections(server.service(Corrections))
    return [
        Route(path=f"{entry}/void", resource=corrections, suffix="void"),
        Route(path=f"{entry}/correct", resource=corrections, suffix="correct"),
    ]
