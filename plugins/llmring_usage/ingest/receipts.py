"""Receipts of logged calls, if another plugin issues them: stored beside the rows, and returned in the responses."""

from collections.abc import Mapping, Sequence

import msgspec

from llmring_server.contracts import UsageReceipts
from llmring_server.database.connections import Connection
from llmring_server.http.errors import Problem
from llmring_usage.models.responses import UsageLogResponse
from llmring_usage.models.rows import UsageRow
from llmring_usage.tables.entry_lookup import logged_usage

# Receipts by the id of their log entry; None for an entry that has no receipt.
ReceiptsById = Mapping[str, bytes | None]


class EntryReceipts:
    """The plugin that issues receipts; without an `issuer`, there are none."""

    def __init__(self) -> None:
        self.issuer: UsageReceipts | None = None

    @property
    def enabled(self) -> bool:
        """Whether receipts are issued; if not, nothing here does any work."""
        return self.issuer is not None

    async def issue(self, connection: Connection, rows: Sequence[UsageRow]) -> ReceiptsById:
        """Store the receipts of rows in the transaction that stores the rows."""
        if self.issuer is None or not rows:
            return {}
        issued = await self.issuer.issue(connection, [logged_usage(row) for row in rows])
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
