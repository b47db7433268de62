"""Calls that other features store: billed beside their own rows, and not billed again when the client logs them."""

import asyncio
import random
from collections.abc import Sequence

import msgspec
import psycopg
import psycopg_pool
from psycopg import errors

from llmring_server.contracts import Bill, Call, InTransaction, PriorBilling
from llmring_server.database import Database
from llmring_server.http import codec
from llmring_usage.ingest.entry_to_row import Recorder
from llmring_usage.ingest.events import Announcer
from llmring_usage.ingest.receipts import Receipts, with_receipt
from llmring_usage.ingest.repository import Ledger, refused
from llmring_usage.models.entries import Entry
from llmring_usage.models.responses import Logged
from llmring_usage.models.rows import Row
from llmring_usage.settings import UsageSettings
from llmring_usage.tables.partitions import Partitions, month_of

REFUSED = (psycopg.DataError, errors.ProgramLimitExceeded, errors.StatementTooComplex)
AGAIN = (
    errors.CheckViolation,
    errors.UndefinedTable,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg_pool.PoolTimeout,
)
ATTEMPTS = 8
PAUSE_SECONDS = 0.02


class UsageBilling:
    """The contract `Billing`: the same path as `/log`, in the transaction of whoever asks."""

    def __init__(
        self,
        database: Database,
        partitions: Partitions,
        recorder: Recorder,
        ledger: Ledger,
        settings: UsageSettings,
        told: Announcer,
    ) -> None:
        self._database = database
        self._partitions = partitions
        self._recorder = recorder
        self._ledger = ledger
        self._seconds = settings.write_timeout
        self._told = told
        self._chance = random.SystemRandom()

    async def bill(self, project: str, call: Call, beside: InTransaction) -> Bill:
        """Store a call's entry and what `beside` writes, both or neither; see the contract.

        It is tried again on the same ids: when one is taken after the first attempt, a commit had succeeded unseen.
        """
        row = self._recorder.row(project, _entry(call))
        bill = Bill(row.id, row.cost, row.series.cost_source, row.series.cost_status, row.occurred_at)
        deadline = _now() + self._seconds
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._store(row, bill, beside, deadline)
                break
            except errors.UniqueViolation:
                if attempt == 1:
                    raise
                break
            except REFUSED as error:
                raise refused(error) from error
            except AGAIN:
                if attempt == ATTEMPTS or _now() >= deadline:
                    raise
                self._partitions.forget()
                await asyncio.sleep(PAUSE_SECONDS * attempt * self._chance.random())
        self._told([row], [_logged(bill)])
        return bill

    async def _store(self, row: Row, bill: Bill, beside: InTransaction, deadline: float) -> None:
        """Write in one transaction, the shared sums last, so that they are locked for one statement only."""
        await self._partitions.ensure({month_of(row.occurred_at)})
        async with self._database.transaction(max(deadline - _now(), PAUSE_SECONDS)) as connection:
            await beside(connection, bill)
            await self._ledger.store_within(connection, row)


class Settled:
    """What logging asks first: whether another feature has billed a call already."""

    def __init__(self, before: PriorBilling | None, receipts: Receipts, database: Database) -> None:
        self._before = before
        self._receipts = receipts
        self._database = database

    @property
    def asks(self) -> bool:
        """Whether there is anybody to ask."""
        return self._before is not None

    async def find(self, rows: Sequence[Row]) -> list[Logged | None]:
        """Return the answer that stands for each call of a project, or None for one that is news.

        No I/O without an id of the client's.
        """
        asked = [row for row in rows if row.id_at_origin is not None]
        if self._before is None or not asked:
            return [None] * len(rows)
        calls = [(_call(row), row.idempotency_key) for row in asked]
        project = asked[0].series.project_id
        bills = iter(await self._before.take(project, calls))
        found = [None if row.id_at_origin is None else next(bills) for row in rows]
        return await self._answers(project, [_logged(bill) if bill else None for bill in found])

    async def _answers(self, project: str, answers: list[Logged | None]) -> list[Logged | None]:
        """Return the answers with the receipts that their calls were given."""
        billed = [(project, answer.log_id) for answer in answers if answer]
        if not billed or not self._receipts.wanted:
            return answers
        async with self._database.connection() as connection:
            made = await self._receipts.find(connection, billed)
        return [with_receipt(answer, made) if answer else None for answer in answers]


def _call(row: Row) -> Call:
    return Call(
        provider=row.series.provider,
        model=row.series.model,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cached_input_tokens=row.cached_input_tokens,
        id_at_origin=row.id_at_origin,
    )


def _entry(call: Call) -> Entry:
    try:
        return msgspec.convert(call, Entry, from_attributes=True)
    except msgspec.ValidationError as error:
        raise codec.validation_problem(error, "body", "metadata") from error


def _logged(bill: Bill) -> Logged:
    return Logged(bill.log_id, bill.cost, bill.cost_source, bill.cost_status, bill.timestamp)


def _now() -> float:
    return asyncio.get_running_loop().time()
