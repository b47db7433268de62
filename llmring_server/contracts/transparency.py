"""The contracts between the transparency log and other features: stored receipts, key history, proofs, positions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec
import psycopg


class StoredReceipt(msgspec.Struct, frozen=True):
    """A project's receipt to store; `content` is its canonical JSON with the signature, byte for byte."""

    project_id: str
    receipt_id: str
    content: bytes


@runtime_checkable
class ReceiptsStored(Protocol):
    """A listener that receives every stored receipt, such as a transparency log. Without a provider, there is none."""

    async def write(self, connection: psycopg.AsyncConnection[Any], receipts: Sequence[StoredReceipt]) -> None:
        """Write the data that belongs to receipts, in the transaction that stores them.

        Called once per batch with the new receipts, ordered by project and id. Requests wait for it: use one statement
        per batch. After a failed transaction the batch may be stored again in another; an exception rolls it back.
        """
        ...


class KeyEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a receipt key of this deployment: when it was added, retired, or marked compromised (UTC).

    `public_key` is its 32 bytes; `number` increases with each event, and numbers may be missing.
    """

    number: int
    key_id: str
    public_key: bytes
    change: Literal["added", "retired", "compromised"]
    at: datetime


@runtime_checkable
class ReceiptKeyEvents(Protocol):
    """The history of the keys that receipts are signed with. Without a provider, there are no keys."""

    async def after(self, number: int) -> Sequence[KeyEvent]:
        """Return the events after that number, in order; no event with a lower number appears later.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
        """
        ...


@runtime_checkable
class StatementsStored(Protocol):
    """As `ReceiptsStored`, for the statements of projects. Without a provider, there is no listener."""

    async def write_statement(
        self, connection: psycopg.AsyncConnection[Any], project_id: str, statement_id: str, content: bytes
    ) -> None:
        """Write the data that belongs to a statement, in the transaction that stores it; called once per statement.

        `content` is its canonical JSON with the signature.
        """
        ...


@runtime_checkable
class LogProofs(Protocol):
    """Proofs of inclusion in the transparency log. Without a provider, there is no log."""

    async def receipt_proof(self, project_id: str, receipt_id: str) -> bytes | None:
        """Return the proof of a project's receipt as a file (C2SP tlog-proof), or None when the log does not have it.

        Raises:
            Problem: 410, the data needed to open its entry was erased.
            Unavailable, psycopg.OperationalError, psycopg_pool.PoolTimeout: no proof is available now.
        """
        ...

    async def statement_proof(self, project_id: str, statement_id: str) -> bytes | None:
        """Return the proof of a project's statement; as `receipt_proof`."""
        ...


@runtime_checkable
class LogPolicy(Protocol):
    """The trust policy for readers of this deployment's transparency log. Without a provider, there is no log."""

    async def policy(self) -> str | None:
        """Return the log's keys and witnesses (C2SP tlog-policy), any of which is enough; None without a key.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
        """
        ...


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
