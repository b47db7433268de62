"""Receipts: signed statements of LLM calls that anyone can check with the public key."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import click

from llmring_receipts import commands
from llmring_receipts.book import ProjectReceipts
from llmring_receipts.canonical import MAX_BYTES
from llmring_receipts.keyring import Keyring
from llmring_receipts.resources import Issue, PublicKeys, Receipts, Verification
from llmring_receipts.settings import ReceiptSettings
from llmring_receipts.store import KeyStore, ReceiptStore
from llmring_server import paths
from llmring_server.contracts.receipts import ReceiptBook
from llmring_server.hookspecs import hookimpl
from llmring_server.lifecycle import Server
from llmring_server.routing import Route

PREFIX = "/api/v1/receipts"


@hookimpl
def llmring_settings() -> type[ReceiptSettings]:
    """Read where the signing key comes from."""
    return ReceiptSettings


@hookimpl
def llmring_migrations() -> Path:
    """Create `receipts`, `receipt_conflicts` and `receipt_keys`."""
    return paths.migrations("receipts")


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Offer the receipts to other features; hold this server's store and keys, for our own routes and lifespan."""
    keyring = Keyring(server.plugin_settings(ReceiptSettings), KeyStore(server.database))
    store = ReceiptStore(server.database)
    return {ReceiptBook: ProjectReceipts(keyring, store), ReceiptStore: store, Keyring: keyring}


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve the receipt calls of the contract, and the public keys."""
    keyring, store = server.service(Keyring), server.service(ReceiptStore)
    receipts, published = Receipts(keyring, store), PublicKeys(keyring)
    return [
        Route(path=PREFIX, resource=receipts, max_body=MAX_BYTES),
        Route(path=f"{PREFIX}/issue", resource=Issue(keyring, store), max_body=MAX_BYTES),
        Route(path=f"{PREFIX}/verify", resource=Verification(keyring), public=True, max_body=MAX_BYTES),
        Route(path=f"{PREFIX}/{{receipt_id}}", resource=receipts, suffix="one"),
        Route(path="/receipts/public-key.pem", resource=published, suffix="pem", public=True),
        Route(path="/receipts/public-keys.json", resource=published, suffix="set", public=True),
    ]


@hookimpl
def llmring_lifespan(server: Server) -> AbstractAsyncContextManager[None]:
    """Register the configured key."""
    return server.service(Keyring).opened()


@hookimpl
def llmring_commands() -> Iterable[click.Command]:
    """Add `llmring-server receipts`."""
    return [commands.receipts]
