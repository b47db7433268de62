"""Receipts of logged calls, where another feature issues them: stored beside the rows, and given in the answers."""

import functools
from collections.abc import Callable, Mapping, Sequence

import msgspec

from llmring_server.contracts import UsageReceipts
from llmring_server.database.pool import Connection
from llmring_server.http.errors import Problem
from llmring_usage.models.responses import Logged
from llmring_usage.models.rows import Row
from llmring_usage.tables.entry_lookup import logged_usage

Made = Mapping[str, bytes | None]


class Receipts:
    """Asks who issues receipts, if anybody does; on first use, so that conf may name the features in any order.

    `Made` are receipts by the id of their log entry, None for an entry that has none.
    """

    def __init__(self, issuer: Callable[[], UsageReceipts | None]) -> None:
        self._ask = issuer

    @functools.cached_property
    def _issuer(self) -> UsageReceipts | None:
        return self._ask()

    @property
    def wanted(self) -> bool:
        """Whether anybody issues receipts; where nobody does, nothing here costs anything."""
        return self._issuer is not None

    async def issue(self, connection: Connection, rows: Sequence[Row]) -> Made:
        """Have the receipts of rows stored in the transaction that stores these."""
        if self._issuer is None or not rows:
            return {}
        made = await self._issuer.issue(connection, [logged_usage(row) for row in rows])
        return {row.id: receipt for row, receipt in zip(rows, made, strict=True)}

    async def find(self, connection: Connection, project_and_id: Sequence[tuple[str, str]]) -> Made:
        """Return the receipts that entries were given when they were stored."""
        if self._issuer is None or not project_and_id:
            return {}
        found = await self._issuer.find(connection, project_and_id)
        return {log_id: receipt for (_, log_id), receipt in zip(project_and_id, found, strict=True)}


def unmade(rows: Sequence[Row], outcomes: Sequence[Logged | Problem], made: Made) -> list[tuple[str, str]]:
    """Return project and log id of what was answered for rows, but for what was made just now."""
    return [
        (row.series.project_id, outcome.log_id)
        for row, outcome in zip(rows, outcomes, strict=True)
        if isinstance(outcome, Logged) and outcome.log_id not in made
    ]


def with_receipt(outcome: Logged, made: Made) -> Logged:
    """Return an answer with its receipt, null where there is none."""
    receipt = made.get(outcome.log_id)
    return msgspec.structs.replace(outcome, receipt=None if receipt is None else msgspec.Raw(receipt))
