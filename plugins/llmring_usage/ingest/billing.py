"""Calls that other plugins store: billed in their transaction, and not billed again when the client logs them."""

import asyncio
import random
from collections.abc import Sequence

import msgspec
import psycopg
import psycopg_pool

from llmring_server.contracts import Bill, Call, CallCounts, InTransaction, PriorBilling
from llmring_server.database import Database
from llmring_server.http import codec
from llmring_usage.counts.entry_counts import count_entry
from llmring_usage.ingest.entry_to_row import EntryPricer
from llmring_usage.ingest.events import UsageEvents
from llmring_usage.ingest.receipts import EntryReceipts, with_receipt
from llmring_usage.ingest.repository import UsageRepository, rejection
from llmring_usage.ingest.storage.failures import Failure, failure_of
from llmring_usage.models.entries import ABSENT, ABSENT_COUNTS, UsageEntry
from llmring_usage.models.responses import UsageLogResponse
from llmring_usage.models.rows import UsageRow
from llmring_usage.settings import UsageSettings
from llmring_usage.tables.partitions import Partitions, month_of

RETRYABLE = (Failure.NO_PARTITION, Failure.RETRY)
ATTEMPTS = 8
PAUSE_SECONDS = 0.02


class UsageBilling:
    """The contract `Billing`: the path of `/log`, in the transaction of the calling plugin."""

    def __init__(
        self,
        database: Database,
        partitions: Partitions,
        pricer: EntryPricer,
        repository: UsageRepository,
        settings: UsageSettings,
        on_stored: UsageEvents,
    ) -> None:
        self._database = database
        self._partitions = partitions
        self._pricer = pricer
        self._repository = repository
        self._seconds = settings.write_timeout
        self._on_stored = on_stored
        self._random = random.SystemRandom()

    def count(self, provider: str, model: str, usage: msgspec.Raw) -> CallCounts | None:
        """Return the counts in a usage object; see the contract."""
        counted, entry = count_entry(UsageEntry(provider=provider, model=model, usage=usage))
        if counted is None:
            return None
        return CallCounts(entry.input_tokens or 0, entry.output_tokens or 0, entry.cached_input_tokens or 0)

    async def bill(self, project: str, call: Call, beside: InTransaction) -> Bill:
        """Store a call's entry and the writes of `beside`, both or neither; see the contract.

        Retries use the same id: if it exists already in a later attempt, an earlier commit had succeeded unnoticed.
        """
        row = self._pricer.entry_to_row(project, _entry(call), None, call.key_id)
        series = row.series
        bill = Bill(row.id, row.cost, series.cost_source, series.cost_status, row.occurred_at, series.price_notes)
        deadline = _now() + self._seconds
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._store(row, bill, beside, deadline)
                break
            except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
                failure = failure_of(error)
                if failure is Failure.DUPLICATE and attempt > 1:
                    break
                if failure is Failure.REJECTED and not isinstance(error, psycopg.IntegrityError):
                    raise rejection(error) from error
                if failure not in RETRYABLE or attempt == ATTEMPTS or _now() >= deadline:
                    raise
                self._partitions.forget_known()
                await asyncio.sleep(PAUSE_SECONDS * attempt * self._random.random())
        self._on_stored([row], [_response(bill)])
        return bill

    async def _store(self, row: UsageRow, bill: Bill, beside: InTransaction, deadline: float) -> None:
        """Write in one transaction, the shared sums last, so that they are locked for one statement only."""
        await self._partitions.ensure({month_of(row.occurred_at)}, deadline - _now())
        async with self._database.transaction(max(deadline - _now(), PAUSE_SECONDS)) as connection:
            await beside(connection, bill)
            await self._repository.store_in_transaction(connection, row)


class PriorBillingLookup:
    """Looks up whether another plugin has already billed a call; without a `prior`, none has."""

    def __init__(self, receipts: EntryReceipts, database: Database) -> None:
        self.prior: PriorBilling | None = None
        self._receipts = receipts
        self._database = database

    @property
    def enabled(self) -> bool:
        """Whether another plugin bills calls."""
        return self.prior is not None

    async def find(self, rows: Sequence[UsageRow]) -> list[UsageLogResponse | None]:
        """Return the existing response for each call of a project, or None for one that is not billed yet.

        Calls without an `id_at_origin` need no I/O.
        """
        identified = [row for row in rows if row.id_at_origin is not None]
        if self.prior is None or not identified:
            return [None] * len(rows)
        calls = [(_call(row), row.idempotency_key) for row in identified]
        project = identified[0].series.project_id
        bills = iter(await self.prior.take(project, calls))
        found = [None if row.id_at_origin is None else next(bills) for row in rows]
        return await self._with_receipts(project, [_response(bill) if bill else None for bill in found])

    async def _with_receipts(
        self, project: str, responses: list[UsageLogResponse | None]
    ) -> list[UsageLogResponse | None]:
        """Return the responses with the receipts of their calls."""
        billed = [(project, response.log_id) for response in responses if response]
        if not billed or not self._receipts.enabled:
            return responses
        async with self._database.connection() as connection:
            receipts = await self._receipts.find(connection, billed)
        return [with_receipt(response, receipts) if response else None for response in responses]


def _call(row: UsageRow) -> Call:
    return Call(
        provider=row.series.provider,
        model=row.series.model,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cached_input_tokens=row.cached_input_tokens,
        id_at_origin=row.id_at_origin,
    )


def _entry(call: Call) -> UsageEntry:
    try:
        entry = msgspec.convert(call, UsageEntry, from_attributes=True)
    except msgspec.ValidationError as error:
        raise codec.validation_problem(error, "body", "metadata") from error
    if call.usage == codec.NULL:
        return entry
    return msgspec.structs.replace(entry, **dict.fromkeys(ABSENT_COUNTS, ABSENT))


def _response(bill: Bill) -> UsageLogResponse:
    return UsageLogResponse(
        bill.log_id, bill.cost, bill.cost_source, bill.cost_status, bill.timestamp,
        price_notes=bill.price_notes or msgspec.UNSET,
    )  # fmt: skip


def _now() -> float:
    return asyncio.get_running_loop().time()
