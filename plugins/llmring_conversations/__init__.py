"""Conversations: messages of users and models, stored and billed in one transaction, for the current client."""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import click

from llmring_conversations import commands
from llmring_conversations.claims import BillingClaims
from llmring_conversations.content import ContentPolicy
from llmring_conversations.recorder import ConversationRecorder
from llmring_conversations.resources import ConversationResource, MessageResource, TranscriptResource
from llmring_conversations.retention import ConversationMaintenance
from llmring_conversations.settings import ConversationSettings
from llmring_conversations.store import ConversationStore
from llmring_server import bundled
from llmring_server.contracts import Billing, PriorBilling
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.runtime.background import upkeep
from llmring_server.server import Server

log = logging.getLogger(__name__)

# The current client creates conversations under the first prefix, and its session class reads them under the second.
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
    """Provide the lookup of calls that were billed with their conversation, the content policy and maintenance."""
    settings = server.plugin_settings(ConversationSettings)
    return {
        PriorBilling: BillingClaims(server.database),
        ContentPolicy: ContentPolicy(settings.content, server.pepper, server.settings.max_item_bytes),
        ConversationMaintenance: ConversationMaintenance(server.database, settings),
    }


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve the conversation endpoints under both prefixes."""
    store, policy, claims = (
        ConversationStore(server.database),
        server.service(ContentPolicy),
        BillingClaims(server.database),
    )
    billing = server.service(Billing, default=None)
    conversations, messages = ConversationResource(store, policy), MessageResource(store, policy)
    transcripts = TranscriptResource(ConversationRecorder(server.database, store, claims, policy, billing))
    return [route for prefix in PREFIXES for route in _build_routes(prefix, conversations, messages, transcripts)]


@hookimpl
def llmring_commands() -> Iterable[click.Command]:
    """Add `llmring-server conversations …`."""
    return [commands.conversations]


@hookimpl
@asynccontextmanager
async def llmring_lifespan(server: Server) -> AsyncIterator[None]:
    """Drop expired conversations and claims while the server runs."""
    policy = server.service(ContentPolicy)
    if policy.mode == "hash" and not policy.has_pepper:
        log.warning("LLMRING_KEY_PEPPER is empty: short texts can be guessed from the digests of conversations")
    async with upkeep(server.service(ConversationMaintenance).run_once, "conversations"):
        yield


def _build_routes(
    prefix: str, conversations: ConversationResource, messages: MessageResource, transcripts: TranscriptResource
) -> Iterable[Route]:
    one = f"{prefix}/{{conversation}}"
    yield Route(path=prefix, resource=conversations)
    yield Route(path=f"{prefix}/log", resource=transcripts, batch=True)
    yield Route(path=one, resource=conversations, suffix="one")
    yield Route(path=f"{one}/messages", resource=messages, batch=True)
    yield Route(path=f"{one}/messages/batch", resource=messages, suffix="batch", batch=True)
