"""Conversations: what users and models said, stored and billed in one transaction, for today's client."""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import click

from llmring_conversations import commands
from llmring_conversations.claims import Claims
from llmring_conversations.content import Content
from llmring_conversations.log import ConversationLog
from llmring_conversations.resources import CallLog, Conversations, Messages
from llmring_conversations.retention import Upkeep
from llmring_conversations.settings import ConversationSettings
from llmring_conversations.store import ConversationStore
from llmring_server import bundled
from llmring_server.contracts import Billing, PriorBilling
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.runtime.background import upkeep
from llmring_server.server import Server

log = logging.getLogger(__name__)

# Today's client creates under the first and its session class reads under the second.
PREFIXES = ("/api/v1/conversations", "/conversations")


@hookimpl
def llmring_settings() -> type[ConversationSettings]:
    """Read `[conversations]`."""
    return ConversationSettings


@hookimpl
def llmring_migrations() -> Path:
    """Create conversations, messages and claims."""
    return bundled.migrations("conversations")


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Tell usage which calls were billed with their conversation."""
    settings = server.plugin_settings(ConversationSettings)
    return {
        PriorBilling: Claims(server.database),
        Content: Content(settings.content, server.pepper),
        Upkeep: Upkeep(server.database, settings),
    }


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve the conversation calls of the contract, under both prefixes."""
    store, content, claims = ConversationStore(server.database), server.service(Content), Claims(server.database)
    billing = server.service(Billing, default=None)
    conversations, messages = Conversations(store, content), Messages(store, content)
    calls = CallLog(ConversationLog(server.database, store, claims, content, billing))
    return [route for prefix in PREFIXES for route in _routes(prefix, conversations, messages, calls)]


@hookimpl
def llmring_commands() -> Iterable[click.Command]:
    """Add `llmring-server conversations …`."""
    return [commands.conversations]


@hookimpl
@asynccontextmanager
async def llmring_lifespan(server: Server) -> AsyncIterator[None]:
    """Drop what has outlived the retention while the server runs."""
    content = server.service(Content)
    if content.mode == "hash" and not content.keyed:
        log.warning("LLMRING_KEY_PEPPER is empty: short texts can be guessed from the digests of conversations")
    async with upkeep(server.service(Upkeep).once, "conversations"):
        yield


def _routes(prefix: str, conversations: Conversations, messages: Messages, calls: CallLog) -> Iterable[Route]:
    one = f"{prefix}/{{conversation}}"
    yield Route(path=prefix, resource=conversations)
    yield Route(path=f"{prefix}/log", resource=calls, batch=True)
    yield Route(path=one, resource=conversations, suffix="one")
    yield Route(path=f"{one}/messages", resource=messages, batch=True)
    yield Route(path=f"{one}/messages/batch", resource=messages, suffix="batch", batch=True)
