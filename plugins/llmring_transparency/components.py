"""Build the components of the log for a server."""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from llmring_server.server import Server
from llmring_server.tlog.notes import Verifier
from llmring_server.tlog.signers import Signer
from llmring_transparency.keyfile import read_signer
from llmring_transparency.publishing.proofs import ProofService, PublishedLog
from llmring_transparency.sequencing.cosigning import WitnessClient, read_witnesses
from llmring_transparency.sequencing.key_events import KeyEventCollector
from llmring_transparency.sequencing.log import TransparencyLog
from llmring_transparency.sequencing.queue import LogQueue
from llmring_transparency.sequencing.sequencer import Sequencer
from llmring_transparency.settings import TransparencySettings
from llmring_transparency.storage.guard import RestoreGuard
from llmring_transparency.storage.store import LogStore
from llmring_transparency.storage.tree import Tree


class Components(msgspec.Struct, frozen=True):
    """The components that hooks share; `log` is None without a checkpoint key: receipts are queued, not signed."""

    store: LogStore
    queue: LogQueue
    tree: Tree
    published: PublishedLog
    prover: ProofService
    log: TransparencyLog | None
    key_events: KeyEventCollector
    origin: str | None
    witnesses: Sequence[Verifier]


def build_components(server: Server) -> Components:
    """Return the components of a server's log; opens nothing.

    Raises:
        StartupError: the key or a witness is malformed.
    """
    settings = server.plugin_settings(TransparencySettings)
    signer, witnesses = read_signer(settings), read_witnesses(settings.witnesses)
    store = LogStore(server.database)
    queue, tree, guard = LogQueue(store), Tree(store), RestoreGuard(settings.guard_file or _guard_file(server, signer))
    published = PublishedLog(store, guard)
    log, events = None, KeyEventCollector(server.database, store)
    if signer:
        sequencer = Sequencer(server.database, store, signer, guard)
        witness_client = WitnessClient(lambda: server.http, witnesses, store, sequencer)
        log = TransparencyLog(server.database, store, signer, guard, queue, sequencer, witness_client, events)
    return Components(
        store, queue, tree, published, ProofService(store, tree, published), log, events,
        signer.verifier.name if signer else None, [witness.verifier for witness in witnesses],
    )  # fmt: skip


def _guard_file(server: Server, signer: Signer | None) -> Path:
    """Return the default path of the restore guard: one file per schema and log."""
    origin = re.sub(r"[^A-Za-z0-9._-]", "_", signer.verifier.name) if signer else "read-only"
    return server.settings.data_dir / "transparency" / f"{server.settings.database_schema}-{origin}.checkpoint"
