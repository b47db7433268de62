"""Structs of the log: its state, queue rows, leaves, and the queries and responses over HTTP."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from llmring_server.tlog.leaves import EntryKind

DEPLOYMENT = ""


class LogState(msgspec.Struct, frozen=True):
    """The log in the database; `checkpoint` is its newest signed note, `alarm` why signing is stopped."""

    origin: str
    size: int
    root: bytes
    checkpoint: bytes | None
    cosigned_size: int
    cosigned: bytes | None
    key_events: int
    alarm: str | None

    @property
    def published(self) -> bytes | None:
        """The newest checkpoint, with the witnesses' lines if they have cosigned it."""
        return self.cosigned if self.cosigned_size == self.size and self.cosigned else self.checkpoint

    def checkpoint_for(self, index: int) -> bytes | None:
        """Return the checkpoint to prove a leaf in: the newest cosigned one, if the leaf is in it."""
        return self.cosigned if self.cosigned and index < self.cosigned_size else self.published


class QueueRow(msgspec.Struct, frozen=True):
    """A row of the queue."""

    queue_id: int
    project_id: str
    kind: int
    content: bytes


class QueueItem(msgspec.Struct, frozen=True):
    """A new queue row; key events and tombstones have the project `DEPLOYMENT`."""

    project_id: str
    kind: EntryKind
    reference: str
    content: bytes


class NumberedRow(msgspec.Struct, frozen=True):
    """A row of the queue with its number; only receipts have `seq` and `salt`."""

    queue_id: int
    seq: int | None
    salt: bytes | None


class LeafRecord(msgspec.Struct, frozen=True):
    """A leaf's receipt, statement or event; a receipt's salt is None after its erasure."""

    project_id: str
    leaf_index: int
    kind: int
    reference: str
    seq: int | None
    salt: bytes | None
    content: bytes | None


class LogKey(msgspec.Struct, frozen=True):
    """A key that signs or has signed checkpoints of this log."""

    vkey: str
    since: datetime


class LogEvent(msgspec.Struct, frozen=True):
    """A public entry: the leaf's index, and the content that its hash covers."""

    index: int
    content: Any


class LogKeySet(msgspec.Struct, frozen=True):
    """The keys that verify the log; `attestation` is `witnessed`, or `self-attested` without witnesses."""

    origin: str
    attestation: str
    keys: list[LogKey]
    witnesses: list[str]
    events: list[LogEvent]


Size = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class LogSizesQuery(msgspec.Struct, frozen=True):
    """`?old=&new=`: sizes of two trees; `new` defaults to the newest."""

    old: Size
    new: Size | None = None


class LogEventsQuery(msgspec.Struct, frozen=True):
    """`?after=&limit=`: at most `limit` events of leaves after the index `after`; by default from the first."""

    after: Size | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1000


class LogConsistencyProof(msgspec.Struct, frozen=True):
    """Proof that a tree is a prefix of another: RFC 6962 hashes in base64."""

    old: int
    new: int
    proof: list[str]


class PendingProof(msgspec.Struct, frozen=True):
    """The response for a receipt that is stored, but not in the log yet."""

    receipt_id: str
    status: str
