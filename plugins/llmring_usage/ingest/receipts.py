"""What other plugins do in the transaction that stores rows: receipts, returned in the responses, and the hook."""

from collections.abc import Mapping, Sequence

import msgspec

from llmring_server.contracts import UsageReceipts
from llmring_server.database.connections import Connection
from llmring_server.http.errors import Problem
from llmring_usage.ingest.storage.storing import StoringListeners, refusing
from llmring_usage.models.responses import UsageLogResponse
from llmring_usage.models.rows import UsageRow
from llmring_usage.tables.entry_lookup import logged_usage

# Receipts by the id of their log entry; None for an entry that has no receipt.
ReceiptsById = Mapping[str, bytes | None]


class EntryReceipts:
    """The plugin that issues receipts, without which there are none, and the listeners in the transaction."""

    def __init__(self, listeners: StoringListeners) -> None:
        self.issuer: UsageReceipts | None = None
        self._listeners = listeners

    @property
    def enabled(self) -> bool:
        """Whether receipts are issued."""
        return self.issuer is not None

    @property
    def in_transaction(self) -> bool:
        """Whether anything is to be done in the transaction; if not, nothing here does any work."""
        return self.enabled or bool(self._listeners)

    async def issue(self, connection: Connection, rows: Sequence[UsageRow]) -> ReceiptsById:
        """Call the listeners, and store the receipts of rows, in the transaction that stores the rows.

        Raises:
            Problem: a plugin refuses one of the rows, or fails; the transaction is to be rolled back.
        """
        if not self.in_transaction or not rows:
            return {}
        entries = [logged_usage(row) for row in rows]
        await self._listeners(connection, entries)
        if self.issuer is None:
            return {}
        issued = await refusing("receipts", connection, self.issuer.issue(connection, entries))
        return {row.id: receipt for row, receipt in zip(rows, issued, strict=True)}

    async def find(self, connection: Connection, project_and_id: Sequence[tuple[str, str]]) -> ReceiptsById:
        """Return the receipts that were issued when the entries were stored."""
        if self.issuer is None or not project_and_id:
            return {}
        found = await self.issuer.find(connection, project_and_id)
        return {log_id: receipt for (_, log_id), receipt in zip(project_and_id, found, strict=True)}


def missing_receipts(
    rows: Sequence[UsageRow], outcomes: Sequence[UsageLogResponse | Problem], issued: ReceiptsById
) -> list[tuple[str, str]]:
    """Return project and log id of each response whose receipt was not issued just now."""
    return [
        (row.series.project_id, outcome.log_id)
        for row, outcome in zip(rows, outcomes, strict=True)
        if isinstance(outcome, UsageLogResponse) and outcome.log_id not in issued
    ]


def with_receipt(response: UsageLogResponse, receipts: ReceiptsById) -> UsageLogResponse:
    """Return a response with its receipt, null if there is none."""
    receipt = receipts.get(response.log_id)
    return msgspec.structs.replace(response, receipt=None if receipt is None else msgspec.Raw(receipt))
