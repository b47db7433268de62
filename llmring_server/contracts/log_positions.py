"""The contract of positions in the transparency log, and the witnesses of its checkpoints."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

import msgspec


class Cosigner(msgspec.Struct, frozen=True):
    """A witness that has cosigned a checkpoint, and the time it states (UTC)."""

    name: str
    at: datetime


class LogPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position in the log: entry `index` (from 0) of a tree of `size`, as in its proof.

    `seq` is a receipt's number within its project, None for a statement. `checkpoint` is the signed note that the
    proof ends at; without `cosigners` only the log has signed it.
    """

    origin: str
    index: int
    size: int
    seq: int | None
    checkpoint: str
    cosigners: Sequence[Cosigner]


class NoPosition(msgspec.Struct, frozen=True):
    """The reason why there is no position.

    `waiting`: not in the log yet; `unknown`: stored before the log existed; `erased`: the data needed to open its
    entry was erased.
    """

    why: Literal["waiting", "unknown", "erased"]


@runtime_checkable
class LogPositions(Protocol):
    """Positions of receipts and statements in the log. Without a provider, there is no log.

    Raises:
        Unavailable, psycopg.OperationalError, psycopg_pool.PoolTimeout: the log is not available.
    """

    async def receipt_position(self, project: str, receipt_id: str) -> LogPosition | NoPosition:
        """Return the position of a project's receipt."""
        ...

    async def statement_position(self, project: str, statement_id: str) -> LogPosition | NoPosition:
        """Return the position of a project's statement."""
        ...
