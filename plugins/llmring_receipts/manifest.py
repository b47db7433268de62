"""The hooks of the plugin `receipts`."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import click

from llmring_receipts import commands
from llmring_receipts.api.calls import ReceiptCallsResource
from llmring_receipts.api.resources import IssueResource, PublicKeysResource, ReceiptsResource, VerificationResource
from llmring_receipts.bundles.bundle import BundleBuilder
from llmring_receipts.checks.commands import statement
from llmring_receipts.formats.canonical import MAX_BYTES
from llmring_receipts.key_management.key_store import ReceiptKeyStore
from llmring_receipts.key_management.keyring import Keyring
from llmring_receipts.receipts import metrics
from llmring_receipts.receipts.corrections import ReceiptCorrections
from llmring_receipts.receipts.service import ReceiptService
from llmring_receipts.receipts.store import ReceiptStore
from llmring_receipts.receipts.unlogged import UnloggedReceipts
from llmring_receipts.receipts.usage_receipts import UsageReceiptIssuer
from llmring_receipts.receipts.writer import ReceiptWriter
from llmring_receipts.settings import ReceiptSettings
from llmring_receipts.statements import wiring
from llmring_receipts.statements.service import StatementService
from llmring_receipts.statements.store import StatementStore
from llmring_server import bundled
from llmring_server.contracts import UsageEntries, UsageReceipts
from llmring_server.contracts.metrics import Metric
from llmring_server.contracts.receipts import ReceiptBook, ReceiptBundles
from llmring_server.contracts.statements import StatementBook
from llmring_server.contracts.transparency import ReceiptKeyEvents, ReceiptsStored, StatementsStored
from llmring_server.contracts.usage_lines import UsageCorrections
from llmring_server.errors import StartupError
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.server import Server

PREFIX = "/api/v1/receipts"


@hookimpl
def llmring_settings() -> type[ReceiptSettings]:
    """Read where the signing key comes from."""
    return ReceiptSettings


@hookimpl
def llmring_migrations() -> Path:
    """Create the tables of receipts, keys, key events and statements."""
    return bundled.migrations("receipts")


@hookimpl
def llmring_local_tables() -> Iterable[str]:
    """Do not distribute the receipts that wait for the log, which are read across projects."""
    return ["receipts_unlogged"]


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Offer the store, the keys and their events, and receipts of logged calls if `AUTO` is set."""
    settings, keys = server.plugin_settings(ReceiptSettings), ReceiptKeyStore(server.database)
    keyring = Keyring(settings, keys)
    unlogged = UnloggedReceipts(server.database, StatementStore(server.database), server.settings.retired_plugins)
    store = ReceiptStore(server.database, unlogged.find_listener)
    corrections = ReceiptCorrections(store)
    book, bundles = ReceiptService(keyring, store, corrections), BundleBuilder(server, store, keys, keyring)
    return {
        **({UsageReceipts: UsageReceiptIssuer(keyring, store)} if settings.auto else {}),
        BundleBuilder: bundles,
        Keyring: keyring,
        ReceiptBook: book,
        ReceiptBundles: bundles,
        ReceiptCorrections: corrections,
        ReceiptKeyEvents: keys,
        ReceiptStore: store,
        ReceiptWriter: ReceiptWriter(store),
        UnloggedReceipts: unlogged,
        StatementBook: StatementService(StatementStore(server.database), book),
        **wiring.create_services(server, settings),
    }


@hookimpl
def llmring_connect(server: Server) -> None:
    """Put stored receipts into the transparency log, if there is one, and look up corrections of calls."""
    server.service(UnloggedReceipts).log = server.service(ReceiptsStored, default=None)
    server.service(ReceiptCorrections).usage = server.service(UsageCorrections, default=None)


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve receipts, public keys, and statements of usage."""
    keyring, store, writer = server.service(Keyring), server.service(ReceiptStore), server.service(ReceiptWriter)
    corrections = server.service(ReceiptCorrections)
    calls = server.service(UsageEntries, default=None)
    if calls is None and server.plugin_settings(ReceiptSettings).auto:
        raise StartupError("LLMRING_RECEIPTS_AUTO needs a plugin that logs calls; enable usage, or unset it")
    issue = IssueResource(keyring, store, writer, calls, corrections)
    called, verification = ReceiptCallsResource(store, corrections), VerificationResource(keyring, corrections)
    receipts, published = ReceiptsResource(keyring, store, writer), PublicKeysResource(keyring)
    return [
        Route(path=PREFIX, resource=receipts, max_body=MAX_BYTES),
        Route(path=f"{PREFIX}/issue", resource=issue, max_body=MAX_BYTES),
        Route(path=f"{PREFIX}/verify", resource=verification, public=True, max_body=MAX_BYTES),
        Route(path=f"{PREFIX}/calls", resource=called),
        Route(path=f"{PREFIX}/{{receipt_id}}", resource=receipts, suffix="one"),
        Route(path=f"{PREFIX}/{{receipt_id}}/call", resource=called, suffix="one"),
        Route(path="/receipts/public-key.pem", resource=published, suffix="pem", public=True),
        Route(path="/receipts/public-keys.json", resource=published, suffix="set", public=True),
        *wiring.create_routes(server, keyring),
    ]


@hookimpl
def llmring_metrics(server: Server) -> Iterable[Metric]:
    """Report how many receipts wait for the database, and the size of batches."""
    return metrics.writer_metrics(server.service(ReceiptWriter))


@hookimpl
@asynccontextmanager
async def llmring_lifespan(server: Server) -> AsyncIterator[None]:
    """Register the configured key, store receipts, and create due statements, while the server runs."""
    keyring, store = server.service(Keyring), server.service(ReceiptStore)
    receipts, statements = server.service(ReceiptsStored, default=None), server.service(StatementsStored, default=None)
    unlogged = server.service(UnloggedReceipts).running(store, receipts, statements)
    async with keyring.open(), unlogged, server.service(ReceiptWriter).running(), wiring.run_monthly(server, keyring):
        yield


@hookimpl
def llmring_commands() -> Iterable[click.Command]:
    """Add `llmring-server receipts` and `llmring-server statement`."""
    return [commands.receipts, statement]
