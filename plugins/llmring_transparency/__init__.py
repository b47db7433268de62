"""The transparency log: receipts in an append-only tree, so that a holder of a checkpoint detects a changed past."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

import click

from llmring_server import bundled
from llmring_server.contracts.metrics import Metric
from llmring_server.contracts.transparency import (
    LogPolicy,
    LogPositions,
    LogProofs,
    ReceiptKeyEvents,
    ReceiptsStored,
    StatementsStored,
)
from llmring_server.http.endpoints.health import HealthCheck
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.server import Server
from llmring_transparency import commands
from llmring_transparency.components import Components, build_components
from llmring_transparency.publishing.policy import PolicyService
from llmring_transparency.publishing.positions import PositionService
from llmring_transparency.resources import Checkpoints, KeysResource, ReceiptProofs, Tiles
from llmring_transparency.sequencing import metrics
from llmring_transparency.sequencing.log import TransparencyLog
from llmring_transparency.settings import TransparencySettings


@hookimpl
def llmring_settings() -> type[TransparencySettings]:
    """Read the source of the checkpoint key, and the witnesses."""
    return TransparencySettings


@hookimpl
def llmring_migrations() -> Path:
    """Create the queue, the leaves, the tiles and the log's state."""
    return bundled.migrations("transparency")


@hookimpl
def llmring_local_tables() -> Iterable[str]:
    """List the tables that the sequencer reads and writes across projects."""
    return ["transparency_queue", "transparency_leaves", "transparency_counts"]


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Queue receipts and statements in the transactions that store them, and prove them."""
    components = build_components(server)
    return {
        LogPositions: PositionService(components.store, components.published, components.witnesses),
        LogPolicy: PolicyService(components.store, components.witnesses),
        LogProofs: components.prover,
        ReceiptsStored: components.queue,
        StatementsStored: components.queue,
        Components: components,
    }


@hookimpl
def llmring_connect(server: Server) -> None:
    """Log the events of receipt keys, if receipts are issued."""
    server.service(Components).key_events.history = server.service(ReceiptKeyEvents, default=None)


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve the log under the paths of C2SP tlog-tiles, and the proofs of receipts."""
    components = server.service(Components)
    published, tree = components.published, components.tree
    checkpoints, keys = (
        Checkpoints(published, tree),
        KeysResource(components.store, components.origin, components.witnesses),
    )
    return [
        Route(path="/tlog/checkpoint", resource=checkpoints, public=True),
        Route(path="/tlog/consistency", resource=checkpoints, suffix="consistency", public=True),
        Route(path="/tlog/keys", resource=keys, public=True),
        Route(path="/tlog/tile/{place:path}", resource=Tiles(published, tree), public=True),
        Route(path="/api/v1/receipts/{receipt_id}/proof", resource=ReceiptProofs(components.prover)),
    ]


@hookimpl
def llmring_health(server: Server) -> Iterable[HealthCheck]:
    """Report when signing is stopped; receipts are still issued and queued."""
    log = _log(server)
    return [HealthCheck("transparency", log.check, critical=False)] if log else []


@hookimpl
def llmring_metrics(server: Server) -> Iterable[Metric]:
    """Report the size of the log, and how long receipts wait for it."""
    log = _log(server)
    return metrics.log_metrics(log) if log else []


@hookimpl
def llmring_lifespan(server: Server) -> AbstractAsyncContextManager[None]:
    """Grow the log while the server runs, if it has a key."""
    log = _log(server)
    return log.running() if log else nullcontext()


@hookimpl
def llmring_commands() -> Iterable[click.Command]:
    """Add `llmring-server tlog …` and `llmring-server witness`."""
    return [commands.tlog, commands.witness]


def _log(server: Server) -> TransparencyLog | None:
    return server.service(Components).log
