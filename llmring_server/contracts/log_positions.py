"""What a feature may ask of the transparency log to show it: where in the log something stands, and who vouches."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

import msgspec


class Cosigner(msgspec.Struct, frozen=True):
    """A witness that has cosigned a checkpoint, and when it says that it did (UTC)."""

    name: str
    at: datetime


class LogPosition(msgspec.Struct, frozen=True, kw_only=True):
    """Where something stands in the log: entry `index` (from 0) of a tree of `size`, as its proof says.

    `seq` is a receipt's number among those of its project, None for a statement. `checkpoint` is the signed note that
    the proof leads to; without `cosigners` its log alone vouches for it.
    """

    origin: str
    index: int
    size: int
    seq: int | None
    checkpoint: str
    cosigners: Sequence[Cosigner]


class NoPosition(msgspec.Struct, frozen=True):
    """Why no place can be shown.

    `waiting` for its place; `unknown` to the log, since it was stored before there was one; `erased`, when what opens
    its entry was destroyed.
    """

    why: Literal["waiting", "unknown", "erased"]


@runtime_checkable
class LogPositions(Protocol):
    """Where projects' receipts and statements stand in the log. Without a provider, there is no log.

    Raises:
        Unavailable, psycopg.OperationalError, psycopg_pool.PoolTimeout: it cannot be said now.
    """

    async def receipt_place(self, project: str, receipt_id: str) -> LogPosition | NoPosition:
        """Return where a project's receipt stands."""
        ...

    async def statement_place(self, project: str, statement_id: str) -> LogPosition | NoPosition:
        """Return where a project's statement stands."""
        ...
