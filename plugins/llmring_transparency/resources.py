"""The log over HTTP: checkpoint, tiles, keys and proofs; public, except the proof of a project's receipt."""

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
    LeafRecord,
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
        """Get the newest checkpoint: a signed note with the log's name, size and root (C2SP tlog-checkpoint)."""
        state = await self._published.state()
        resp.content_type, resp.cache_control = TEXT, [MOMENT]
        resp.data = state.published

    @operation(query=LogSizesQuery, answer=LogConsistencyProof, errors=(503,))
    async def on_get_consistency(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: LogSizesQuery
    ) -> LogConsistencyProof:
        """Get the proof that a tree is a prefix of a later one (RFC 6962 §2.1.2)."""
        state = await self._published.state()
        new = state.size if query.new is None else query.new
        if not query.old <= new <= state.size:
            raise Problem.validation("query", "new", msg=f"Must be from `old` to the log's size, {state.size}.")
        proof = await self._tree.consistency(query.old, new)
        return LogConsistencyProof(query.old, new, [base64.encode(step) for step in proof])


class Tiles:
    """`/tlog/tile/…`: the tree and its entries, under the paths of C2SP tlog-tiles."""

    def __init__(self, published: PublishedLog, tree: Tree) -> None:
        self._published = published
        self._tree = tree

    @operation(media=BYTES, errors=(404, 503))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, place: str) -> None:
        """Get a tile: up to 256 hashes of a level (`0/x001/000`), or entries (`entries/000.p/12`).

        The path of a partial tile ends in `.p/` and its width.
        """
        tile, width = _parse_path(place)
        state = await self._published.state()
        leaf_row = Tile(0, tile.number) if tile.level == ENTRIES_LEVEL else tile
        exists = tiles.width(leaf_row, state.size) >= width
        content = await self._tree.content(tile, width) if exists else None
        if content is None:
            raise Problem(404, f"A log of {state.size} leaves has no tile {place!r}.")
        resp.content_type, resp.cache_control = BYTES, [IMMUTABLE]
        resp.data = content


class KeysResource:
    """`/tlog/keys`: the keys that verify the log."""

    def __init__(self, store: LogStore, origin: str | None, witnesses: Sequence[Verifier]) -> None:
        self._store = store
        self._origin = origin
        self._witnesses = [witness.vkey() for witness in witnesses]

    @operation(query=LogEventsQuery, answer=LogKeySet)
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: LogEventsQuery) -> LogKeySet:
        """Get the keys of checkpoints and witnesses, and the key events in the log.

        After `limit` events there may be more: continue with `after`, the index of the last. Without witnesses the log
        is self-attested: only its operator vouches that all readers see the same log.
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
    """`/api/v1/receipts/{receipt_id}/proof`: proofs that receipts are in the log."""

    def __init__(self, prover: ProofService) -> None:
        self._prover = prover

    @operation(media=TEXT, errors=(404, 410, 503))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, receipt_id: str) -> None:
        """Get the proof of a receipt as a file (C2SP tlog-proof); 202 while it is not in the log yet.

        The line `extra` opens the entry: with the receipt's bytes it proves that the entry is this receipt.
        """
        project = req.context.project_id
        valid = receipt_id.isprintable() and len(receipt_id) <= MAX_REFERENCE
        # The queue is read first: a receipt that leaves it in between has a leaf by then.
        if valid and await self._prover.is_queued(project, EntryKind.RECEIPT, receipt_id):
            resp.status = falcon.HTTP_202
            resp.set_header("Retry-After", "1")
            resp.data = msgspec.json.encode(PendingProof(receipt_id, "queued"))
            return
        proof = await self._prover.proof(project, EntryKind.RECEIPT, receipt_id) if valid else None
        if proof is None:
            raise Problem(404, f"The log has no receipt {receipt_id!r} of this project.")
        resp.content_type, resp.data = TEXT, proof


def _event(leaf: LeafRecord) -> LogEvent:
    return LogEvent(leaf.leaf_index, msgspec.Raw(leaf.content or b"null"))


def _parse_path(place: str) -> tuple[Tile, int]:
    """Return the tile of a path, and its width."""
    level, _, rest = place.partition("/")
    try:
        if level != tiles.ENTRIES and (str(int(level)) != level or not 0 <= int(level) <= tiles.MAX_LEVEL):
            raise ValueError("not a level")
        number, width = tiles.parse_path(rest)
    except ValueError as error:
        raise Problem(404, f"{place!r} is not the path of a tile, such as 0/x001/067 or entries/067.p/12.") from error
    if number >= 2**63 // WIDTH:
        raise Problem(404, f"No log is large enough for a tile {place!r}.")
    return Tile(ENTRIES_LEVEL if level == tiles.ENTRIES else int(level), number), width
