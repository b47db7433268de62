"""The log over HTTP: checkpoint, tiles, keys, proofs; public, but for the proof of a project's own receipt."""

from collections.abc import Sequence

import falcon
import falcon.asgi
import msgspec

from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation
from llmring_server.tlog import base64, tiles
from llmring_server.tlog.leaves import EntryKind
from llmring_server.tlog.notes import Verifier
from llmring_server.tlog.tiles import WIDTH, Tile
from llmring_transparency.models import (
    Leaf,
    LogConsistencyProof,
    LogEvent,
    LogEventsQuery,
    LogKeySet,
    LogSizesQuery,
    PendingProof,
)
from llmring_transparency.publishing.proofs import ProofService, PublishedLog
from llmring_transparency.storage.store import ENTRIES_LEVEL, LogStore
from llmring_transparency.storage.tree import Tree

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
IMMUTABLE = "public, max-age=31536000, immutable"
MOMENT = "public, max-age=1"
MINUTE = "public, max-age=60"
SELF_ATTESTED, WITNESSED = "self-attested", "witnessed"
MAX_REFERENCE = 128


class Checkpoints:
    """`/tlog/checkpoint` and `/tlog/consistency`."""

    def __init__(self, published: PublishedLog, tree: Tree) -> None:
        self._published = published
        self._tree = tree

    @operation(media=TEXT, errors=(503,))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """The newest checkpoint: a signed note of the log's name, size and root (C2SP tlog-checkpoint)."""
        state = await self._published.state()
        resp.content_type, resp.cache_control = TEXT, [MOMENT]
        resp.data = state.published

    @operation(query=LogSizesQuery, answer=LogConsistencyProof, errors=(503,))
    async def on_get_consistency(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: LogSizesQuery
    ) -> LogConsistencyProof:
        """The proof that a tree is the beginning of a later one (RFC 6962 §2.1.2)."""
        state = await self._published.state()
        new = state.size if query.new is None else query.new
        if not query.old <= new <= state.size:
            raise Problem.validation("query", "new", msg=f"sizes must not fall: old, new, and the log's {state.size}")
        proof = await self._tree.consistency(query.old, new)
        return LogConsistencyProof(query.old, new, [base64.encode(step) for step in proof])


class Tiles:
    """`/tlog/tile/…`: the tree and its entries, in the paths of C2SP tlog-tiles."""

    def __init__(self, published: PublishedLog, tree: Tree) -> None:
        self._published = published
        self._tree = tree

    @operation(media=BYTES, errors=(404, 503))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, place: str) -> None:
        """A tile: up to 256 hashes of a level (`0/x001/000`), or entries (`entries/000.p/12`); partial ones end in
        `.p/` and their width.
        """
        tile, width = _tile(place)
        state = await self._published.state()
        leaf_row = Tile(0, tile.number) if tile.level == ENTRIES_LEVEL else tile
        there = tiles.width(leaf_row, state.size) >= width
        content = await self._tree.content(tile, width) if there else None
        if content is None:
            raise Problem(404, f"a log of {state.size} leaves has no tile {place!r}")
        resp.content_type, resp.cache_control = BYTES, [IMMUTABLE]
        resp.data = content


class KeysResource:
    """`/tlog/keys`: what a reader checks the log with."""

    def __init__(self, store: LogStore, origin: str | None, witnesses: Sequence[Verifier]) -> None:
        self._store = store
        self._origin = origin
        self._witnesses = [witness.vkey() for witness in witnesses]

    @operation(query=LogEventsQuery, answer=LogKeySet)
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: LogEventsQuery) -> LogKeySet:
        """The keys of checkpoints and witnesses, and what became of keys, as it stands in the log.

        There may be more events where `limit` came: ask again `after` the index of the last. Without witnesses the log
        is self-attested: nobody but its operator vouches that all are shown the same one.
        """
        state = await self._store.state()
        leaves = await self._store.public_leaves(-1 if query.after is None else query.after, query.limit)
        resp.cache_control = [MINUTE]
        return LogKeySet(
            origin=state.origin if state else self._origin or "",
            attestation=WITNESSED if self._witnesses else SELF_ATTESTED,
            keys=await self._store.keys(),
            witnesses=self._witnesses,
            events=[_event(leaf) for leaf in leaves],
        )


class ReceiptProofs:
    """`/api/v1/receipts/{receipt_id}/proof`: that a receipt is in the log."""

    def __init__(self, prover: ProofService) -> None:
        self._prover = prover

    @operation(media=TEXT, errors=(404, 410, 503))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, receipt_id: str) -> None:
        """The proof of a receipt as a file (C2SP tlog-proof); 202 while it waits for its place in the log.

        The line `extra` opens the entry: with the receipt's bytes it shows that the entry is this receipt.
        """
        project = req.context.project_id
        named = receipt_id.isprintable() and len(receipt_id) <= MAX_REFERENCE
        # The queue is asked first: a receipt that leaves it in between has its leaf by then.
        if named and await self._prover.is_queued(project, EntryKind.RECEIPT, receipt_id):
            resp.status = falcon.HTTP_202
            resp.set_header("Retry-After", "1")
            resp.data = msgspec.json.encode(PendingProof(receipt_id, "queued"))
            return
        proof = await self._prover.proof(project, EntryKind.RECEIPT, receipt_id) if named else None
        if proof is None:
            raise Problem(404, f"the log has no receipt {receipt_id!r} of this project")
        resp.content_type, resp.data = TEXT, proof


def _event(leaf: Leaf) -> LogEvent:
    return LogEvent(leaf.leaf_index, msgspec.Raw(leaf.content or b"null"))


def _tile(place: str) -> tuple[Tile, int]:
    """Return which tile a path asks for, and its width."""
    level, _, rest = place.partition("/")
    try:
        if level != tiles.ENTRIES and (str(int(level)) != level or not 0 <= int(level) <= tiles.MAX_LEVEL):
            raise ValueError("no level")
        number, width = tiles.parse_path(rest)
    except ValueError as error:
        raise Problem(404, f"no path of a tile: {place!r}; it looks like 0/x001/067 or entries/067.p/12") from error
    if number >= 2**63 // WIDTH:
        raise Problem(404, f"no log is so large that it has a tile {place!r}")
    return Tile(ENTRIES_LEVEL if level == tiles.ENTRIES else int(level), number), width
