"""What a feature and the transparency log ask of one another; a part of `contracts`, which has these names too."""

from typing import Any, Protocol, runtime_checkable

import psycopg


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
