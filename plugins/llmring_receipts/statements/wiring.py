"""The services, routes and task of statements, for the plugin's hooks; empty without a plugin that logs usage."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext

from llmring_receipts.key_management.keyring import Keyring
from llmring_receipts.receipts.unlogged import UnloggedReceipts
from llmring_receipts.settings import ReceiptSettings
from llmring_receipts.statements.due import PendingMonths
from llmring_receipts.statements.generate import StatementGenerator
from llmring_receipts.statements.monthly import MonthlyStatements
from llmring_receipts.statements.resources import CallLinesResource, StatementProofResource, StatementsResource
from llmring_receipts.statements.store import StatementStore
from llmring_server.contracts.statements import StatementsDue
from llmring_server.contracts.transparency import LogPositions, LogProofs, StatementsStored
from llmring_server.contracts.usage_lines import UsageLines
from llmring_server.http.routing import Route
from llmring_server.runtime.background import upkeep
from llmring_server.server import Server

PREFIX = "/api/v1/statements"


def create_services(server: Server, settings: ReceiptSettings) -> Mapping[type, object]:
    """Offer the list of pending months if statements are automatic and there is a signing key."""
    signs = settings.private_key_b64 or settings.private_key_file
    return (
        {StatementsDue: PendingMonths(StatementStore(server.database))} if signs and settings.statements_monthly else {}
    )


def create_routes(server: Server, keyring: Keyring) -> Iterable[Route]:
    """Return the routes of statements."""
    usage, store = server.service(UsageLines, default=None), StatementStore(server.database)
    if usage is None:
        return []
    proofs = StatementProofResource(server.service(LogProofs, default=None), server.service(LogPositions, default=None))
    listed = StatementsResource(_build_generator(server, keyring, usage), store, server.create_task)
    return [
        Route(path=PREFIX, resource=listed),
        Route(path=f"{PREFIX}/{{number}}", resource=listed, suffix="one"),
        Route(path=f"{PREFIX}/{{number}}/lines", resource=listed, suffix="lines"),
        Route(path=f"{PREFIX}/{{number}}/proof", resource=proofs),
        Route(path=f"{PREFIX}/lines/{{log_id}}", resource=CallLinesResource(store)),
    ]


def run_monthly(server: Server, keyring: Keyring) -> AbstractAsyncContextManager[None]:
    """Create due statements while the server runs, if the settings enable it."""
    usage, settings = server.service(UsageLines, default=None), server.plugin_settings(ReceiptSettings)
    if usage is None or not settings.statements_monthly:
        return nullcontext()
    statements, store = _build_generator(server, keyring, usage), StatementStore(server.database)
    return upkeep(MonthlyStatements(statements, store, usage, settings.statements_hours).run_once, "statements")


def _build_generator(server: Server, keyring: Keyring, usage: UsageLines) -> StatementGenerator:
    listener = server.service(StatementsStored, default=server.service(UnloggedReceipts))
    return StatementGenerator(server.database, StatementStore(server.database), usage, keyring, listener)
