"""Create a statement: compare a snapshot of the usage with earlier statements, sign, store."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID

import psycopg
from msgspec.json import encode
from psycopg import errors

from llmring_receipts.formats import keys, signing
from llmring_receipts.formats.cost_basis import nest_units
from llmring_receipts.key_management.keyring import Keyring
from llmring_receipts.statements.formats import document
from llmring_receipts.statements.formats.document import StatementLineRange
from llmring_receipts.statements.formats.lines import (
    TAKEN_BACK,
    StatementLine,
    difference,
    format_money,
    has_changed,
    take_back,
)
from llmring_receipts.statements.formats.totals import Totals
from llmring_receipts.statements.store import Session, StatementRecord, StatementStore
from llmring_server.contracts.transparency import StatementsStored
from llmring_server.contracts.usage_lines import CostBasis, UsageCorrection, UsageLine, UsageLines
from llmring_server.database import Database
from llmring_server.tlog.growing_trees import BlockTree

GENERATION_SECONDS = 1_800.0
CURRENCY = "USD"

SNAPSHOT: LiteralString = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
TRY_LOCK: LiteralString = """
    SELECT pg_try_advisory_xact_lock(hashtextextended('llmring statement ' || current_schema() || ' ' || %s, 0))
"""


class StatementInProgress(Exception):
    """Another request or process is creating a statement of the project."""


class StatementBuilder:
    """Collects the lines of one statement: new calls, and calls that changed since they were stated."""

    def __init__(self, last_seq: int) -> None:
        self.last_seq = last_seq
        self.blocks = BlockTree()
        self.totals = Totals()

    def add_calls(self, calls: Sequence[UsageLine], stated: Mapping[str, StatementLine]) -> list[StatementLine]:
        """Add the lines for these calls and return them; `stated` has the last line of each call, by id."""
        added = []
        for call in calls:
            line = self._build_line(call, stated.get(str(call.id)))
            if line is not None:
                added.append(self._append(line))
        return added

    def add_corrections(
        self, corrections: Sequence[UsageCorrection], stated: Mapping[str, StatementLine]
    ) -> list[StatementLine]:
        """Add a line for each stated call that was taken back since, and return them; `stated` as in `add_calls`."""
        lines = (stated.get(correction.log_id) for correction in corrections)
        return [
            self._append(take_back(line, self.last_seq + 1, correction.kind))
            for correction, line in zip(corrections, lines, strict=True)
            if line is not None and line.cost_status not in TAKEN_BACK
        ]

    def line_range(self) -> StatementLineRange:
        """Return the statement's count, numbers and root of its lines."""
        size = self.blocks.size
        first, last = (self.last_seq - size + 1, self.last_seq) if size else (None, None)
        return StatementLineRange(size, first, last, keys.encode(self.blocks.root()))

    def _append(self, line: StatementLine) -> StatementLine:
        self.last_seq += 1
        self.totals.add(line)
        self.blocks.add(line.hash)
        return line

    def _build_line(self, call: UsageLine, stated: StatementLine | None) -> StatementLine | None:
        """Return the line for a call, or None if its last line is unchanged."""
        now = build_line(call, self.last_seq + 1, stated)
        return now if stated is None or has_changed(now, stated) else None


class StatementGenerator:
    """Creates statements of projects; with any number of processes, each number is used once per project."""

    def __init__(
        self, database: Database, store: StatementStore, usage: UsageLines, keyring: Keyring,
        listener: StatementsStored | None,
    ) -> None:  # fmt: skip
        self._database = database
        self._store = store
        self._usage = usage
        self._keyring = keyring
        self._listener = listener

    async def generate(self, project: str, end: datetime, *, closing: bool = False) -> bytes | None:
        """Return a new statement of everything before `end` that is not stated yet, or None if there is nothing.

        Also None if there is one up to that time. With `closing`, a statement that follows another one may have no
        lines: it states that the period has no further calls.

        Raises:
            StatementInProgress: another process is creating one; nothing was read.
            NoSigningKey: there is no key to sign with.
            WrongClock: this machine's clock or the database's is wrong.
            psycopg.OperationalError, TimeoutError: the database is down, or the work took too long.
        """
        await self._keyring.signing_key()
        await self._database.check_clock()
        try:
            async with self._database.transaction(GENERATION_SECONDS) as session:
                await session.execute(SNAPSHOT)
                if not await _try_lock(session, project):
                    raise StatementInProgress
                return await self._generate_in(session, project, end, closing)
        except (errors.UniqueViolation, errors.SerializationFailure):
            return None

    async def _generate_in(self, session: Session, project: str, end: datetime, closing: bool) -> bytes | None:
        last = await self._store.latest_in(session, project)
        if last is not None and last.ended_at >= end:
            return None
        number = last.number + 1 if last else 1
        builder = StatementBuilder(last.last_seq if last else 0)
        async with aclosing(self._lines(session, project, end, builder, stated=last is not None)) as chunks:
            async for added in chunks:
                if added:
                    await self._store.add(session, project, number, added)
        if not builder.blocks.size and not (closing and last):
            return None
        content = await self._sign(project, number, last, end, builder)
        record = StatementRecord(
            project, number, end, builder.blocks.size, builder.last_seq, content, b"".join(builder.blocks.full)
        )
        await self._store.put(session, record)
        if self._listener is not None:
            await self._listener.write_statement(session, project, str(number), content)
        return content

    async def _lines(
        self, session: Session, project: str, end: datetime, builder: StatementBuilder, *, stated: bool
    ) -> AsyncGenerator[list[StatementLine], None]:
        """Yield lines in chunks: of calls that were `stated` and then taken back, and of those that count."""
        if stated:
            async with aclosing(self._usage.corrected(session, project)) as corrected:
                async for corrections in corrected:
                    known = await self._store.latest_lines(session, project, [UUID(one.log_id) for one in corrections])
                    yield await asyncio.to_thread(builder.add_corrections, corrections, known)
        async with aclosing(self._usage.before(session, project, end)) as chunks:
            async for calls in chunks:
                known = await self._store.latest_lines(session, project, [call.id for call in calls])
                yield await asyncio.to_thread(builder.add_calls, calls, known)

    async def _sign(
        self, project: str, number: int, last: StatementRecord | None, end: datetime, builder: StatementBuilder
    ) -> bytes:
        key_id, key = await self._keyring.signing_key()
        unsigned = document.compose(
            project=project,
            number=number,
            start=last.ended_at if last else None,
            end=end,
            created_at=datetime.now(UTC),
            lines=builder.line_range(),
            totals=builder.totals.to_fields(document.VERSIONS[document.TYPE]),
            previous=last.content if last else None,
            key_id=key_id,
        )
        return await asyncio.to_thread(signing.sign, unsigned, key)


def build_line(call: UsageLine, seq: int, stated: StatementLine | None) -> StatementLine:
    """Return the line for the current state of a call, given its last line."""
    cost = "" if call.cost is None else format_money(call.cost)
    return StatementLine(
        seq=str(seq),
        kind="correction" if stated else "call",
        corrects=stated.seq if stated else "",
        id=str(call.id),
        occurred_at=document.format_time(call.occurred_at),
        provider=call.provider,
        model=call.model,
        alias=call.alias or "",
        profile=call.profile,
        origin=call.origin or "",
        status=call.status,
        input_tokens=str(call.input_tokens),
        output_tokens=str(call.output_tokens),
        cached_input_tokens=str(call.cached_input_tokens),
        cost=cost,
        currency=CURRENCY,
        amount=difference(cost, stated.cost) if stated else cost or "0",
        cost_source=call.cost_source or "",
        cost_status=call.cost_status,
        priced_as=call.priced_as or "",
        registry_version=call.registry_version or "",
        **_build_basis(call.basis),
    )


def _build_basis(basis: CostBasis) -> dict[str, str]:
    """Return the fields of a line about what a cost was computed from."""
    rates = {kind: format_money(rate) for kind, rate in (basis.rates or {}).items()}
    unit_rates = {unit: {"per": rate.per, "usd": format_money(rate.usd)} for unit, rate in basis.unit_rates.items()}
    return {
        "billed": encode(nest_units(basis.billed, basis.units)).decode(),
        "rates": encode(nest_units(rates, unit_rates)).decode() if basis.rates is not None else "",
        "price_source": basis.price_source or "",
        "price_version": basis.price_version or "",
        "matched": basis.matched or "",
        "list_cost": "" if basis.list_cost is None else format_money(basis.list_cost),
        "discount": "" if basis.discount is None else format_money(basis.discount),
        "price_notes": encode(basis.price_notes).decode() if basis.price_notes else "",
    }


async def _try_lock(session: psycopg.AsyncConnection[tuple[bool]], project: str) -> bool:
    """Take the project's lock until the transaction ends; return False if another process has it."""
    found = await (await session.execute(TRY_LOCK, [project])).fetchone()
    return bool(found and found[0])
