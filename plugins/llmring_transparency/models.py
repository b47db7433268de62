"""The structs of the log: its state, what waits, what a leaf stands for, and what HTTP answers."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from llmring_server.tlog.leaves import EntryKind

DEPLOYMENT = ""


class LogState(msgspec.Struct, frozen=True):
    """The log as the database has it; `checkpoint` is its newest signed note, `alarm` why it signs no more."""

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
        """The newest checkpoint, with the witnesses' lines where they have cosigned that very one."""
        return self.cosigned if self.cosigned_size == self.size and self.cosigned else self.checkpoint

    def proving(self, index: int) -> bytes | None:
        """The checkpoint that a leaf is proven in: the newest that witnesses have cosigned, if the leaf is in it."""
        return self.cosigned if self.cosigned and index < self.cosigned_size else self.published


class QueueRow(msgspec.Struct, frozen=True):
    """A row of the queue."""

    queue_id: int
    project_id: str
    kind: int
    content: bytes


class QueueItem(msgspec.Struct, frozen=True):
    """What is put into the queue; a deployment's own things are of the project `DEPLOYMENT`."""

    project_id: str
    kind: EntryKind
    reference: str
    content: bytes


class NumberedRow(msgspec.Struct, frozen=True):
    """A row of the queue with its place: `seq` and `salt` are of receipts alone."""

    queue_id: int
    seq: int | None
    salt: bytes | None


class Leaf(msgspec.Struct, frozen=True):
    """What a leaf stands for; a receipt's salt is None once it was destroyed."""

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
    """An entry that is not hidden: the leaf's index, and what its hash is over."""

    index: int
    content: Any


class LogKeySet(msgspec.Struct, frozen=True):
    """What a reader of the log checks it with; `attestation` is `witnessed`, or `self-attested` without witnesses."""

    origin: str
    attestation: str
    keys: list[LogKey]
    witnesses: list[str]
    events: list[LogEvent]


Size = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class LogSizesQuery(msgspec.Struct, frozen=True):
    """`?old=&new=`, sizes of two trees; `new` is the newest when absent."""

    old: Size
    new: Size | None = None


class LogEventsQuery(msgspec.Struct, frozen=True):
    """`?after=&limit=`: at most `limit` events, of leaves after the index `after`; from the first when absent."""

    after: Size | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1000


class LogConsistencyProof(msgspec.Struct, frozen=True):
    """That a tree is the beginning of another: RFC 6962 hashes in base64."""

    old: int
    new: int
    proof: list[str]


class PendingProof(msgspec.Struct, frozen=True):
    """What is said of a receipt that is stored, but not in the log yet."""

    receipt_id: str
    status: str
