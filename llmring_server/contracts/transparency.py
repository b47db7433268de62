"""What the transparency log and other features ask of one another: what is stored, what became of keys, and proofs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec
import psycopg


class StoredReceipt(msgspec.Struct, frozen=True):
    """A project's receipt as it is stored; `content` is its canonical JSON with the signature, byte for byte."""

    project_id: str
    receipt_id: str
    content: bytes


@runtime_checkable
class ReceiptsStored(Protocol):
    """Whoever must miss no receipt, as a transparency log must. Without a provider, nobody is told of receipts."""

    async def write(self, connection: psycopg.AsyncConnection[Any], receipts: Sequence[StoredReceipt]) -> None:
        """Write what belongs to receipts that are being stored, in their transaction: both or neither.

        Called once a batch, with each receipt that is new, in the order of project and id, on the way of requests: one
        statement a batch is what it should take. The batch may be stored again in another transaction after one that
        failed; what it raises undoes the batch.
        """
        ...


class KeyEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a key of this deployment's receipts: when it was added, retired, or marked compromised (UTC).

    `public_key` are its 32 bytes; `number` grows from event to event, and some may be missing.
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
        """Return the events behind that number, in order; none appears later before one that was returned.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
        """
        ...


@runtime_checkable
class StatementsStored(Protocol):
    """As `ReceiptsStored`, for the statements of projects. Without a provider, nobody is told of statements."""

    async def write_statement(
        self, connection: psycopg.AsyncConnection[Any], project_id: str, statement_id: str, content: bytes
    ) -> None:
        """Write what belongs to a statement that is being stored, in its transaction; called once for each.

        `content` is its canonical JSON with the signature.
        """
        ...


@runtime_checkable
class LogProofs(Protocol):
    """Proofs that something is in the transparency log. Without a provider, there is no log."""

    async def receipt_proof(self, project_id: str, receipt_id: str) -> bytes | None:
        """Return the proof of a project's receipt as a file (C2SP tlog-proof), or None when the log does not have it.

        Raises:
            Problem: 410, what opens its entry was destroyed.
            Unavailable, psycopg.OperationalError, psycopg_pool.PoolTimeout: no proof can be given now.
        """
        ...

    async def statement_proof(self, project_id: str, statement_id: str) -> bytes | None:
        """Return the proof of a project's statement; as `receipt_proof`."""
        ...


@runtime_checkable
class LogPolicy(Protocol):
    """Whom readers of this deployment's transparency log need to trust. Without a provider, there is no log."""

    async def policy(self) -> str | None:
        """Return the log's keys and witnesses (C2SP tlog-policy), any of whom is enough; None without a key.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
        """
        ...
