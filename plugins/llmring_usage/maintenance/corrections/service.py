"""Void and correct single entries: repeated requests get the same answer, contradicting ones a 409."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from llmring_server.contracts.usage_lines import CorrectedUsage, CorrectionKind, UsageCorrection
from llmring_server.database.connections import Connection
from llmring_server.http.errors import Problem
from llmring_usage.ingest.entry_to_row import EntryPricer
from llmring_usage.ingest.receipts import EntryReceipts
from llmring_usage.maintenance.corrections.events import CorrectionEvents, corrected_usage
from llmring_usage.maintenance.corrections.models import CorrectionRecord, StoredEntry
from llmring_usage.maintenance.corrections.replacement import CorrectedFields, build_replacement
from llmring_usage.maintenance.corrections.store import CorrectionStore
from llmring_usage.models.rows import UsageRow
from llmring_usage.tables.corrections import CorrectionLookup, find_correction
from llmring_usage.tables.state import DROPPED_BEFORE, UsageState

SECONDS = 10.0

Build = Callable[[StoredEntry], UsageRow]

_exact = msgspec.json.Decoder(float_hook=Decimal)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request to take an entry back; `fields` are those of a correction, as sent."""

    project: str
    log_id: str
    kind: CorrectionKind
    reason: str
    key_id: str
    fields: msgspec.Raw | None = None


class Outcome(NamedTuple):
    """The correction of an entry, None without its row, and what listeners receive after the commit."""

    correction: UsageCorrection | None
    announced: Sequence[CorrectedUsage] = ()


class Corrections:
    """Voids and corrects entries of any project."""

    def __init__(
        self, store: CorrectionStore, lookup: CorrectionLookup, state: UsageState, pricer: EntryPricer,
        receipts: EntryReceipts, events: CorrectionEvents,
    ) -> None:  # fmt: skip
        self._store = store
        self._lookup = lookup
        self._state = state
        self._pricer = pricer
        self._receipts = receipts
        self._events = events

    async def void(self, request: Request) -> UsageCorrection:
        """Take an entry back, and return its correction.

        Raises:
            Problem: 404 for an unknown entry, 409 for one that was taken back otherwise.
        """
        return await self._run(request, None)

    async def correct(self, request: Request, fields: CorrectedFields) -> UsageCorrection:
        """Replace an entry by a corrected one, and return its correction.

        Raises:
            Problem: 404 and 409 as `void`, 422 for fields that contradict the stored ones.
        """
        return await self._run(request, lambda stored: build_replacement(self._pricer, request.project, stored, fields))

    async def _run(self, request: Request, build: Build | None) -> UsageCorrection:
        occurred_at = await self._store.find_time(request.project, request.log_id)
        outcome = Outcome(None)
        if occurred_at is not None:
            outcome = await self._store.run(
                lambda connection: self._apply(connection, request, occurred_at, build), SECONDS
            )
            self._events(outcome.announced)
        found = outcome.correction
        if found is None:
            found = (await self._lookup.find(request.project, [request.log_id])).get(request.log_id)
        if found is None:
            raise await self._unknown(request.log_id)
        if not _is_same(found, request):
            raise _conflict(found)
        return found

    async def _apply(
        self, connection: Connection, request: Request, occurred_at: datetime, build: Build | None
    ) -> Outcome:
        """Take an entry back unless it is already; without a correction in the outcome, its row was dropped."""
        await self._store.lock_sums(connection, request.project, occurred_at)
        stored = await self._store.lock_entry(connection, request.project, occurred_at, request.log_id)
        if stored is None:
            return Outcome(None)
        announced = [] if stored.corrected_at else [await self._take_back(connection, request, stored, build)]
        return Outcome(await find_correction(connection, request.project, stored.id), announced)

    async def _take_back(
        self, connection: Connection, request: Request, stored: StoredEntry, build: Build | None
    ) -> CorrectedUsage:
        now = datetime.now(UTC)
        row = build(stored) if build else None
        if row is None:
            await self._store.void(connection, request.project, [(stored.occurred_at, stored.id)], now)
        else:
            await self._store.replace(connection, stored, row, now)
            await self._receipts.issue(connection, [row])
        record = CorrectionRecord(
            project_id=request.project,
            log_id=request.log_id,
            occurred_at=stored.occurred_at,
            kind=request.kind,
            reason=request.reason,
            fields=request.fields,
            replaced_by=row.id if row else None,
            key_id=request.key_id,
            corrected_at=now,
        )
        await self._store.record(connection, [record])
        return corrected_usage(record, stored, row.cost if row else None)

    async def _unknown(self, log_id: str) -> Problem:
        dropped = await self._state.get(DROPPED_BEFORE)
        since = f" Entries before {dropped} were dropped by the retention: they stay as they are." if dropped else ""
        return Problem(404, f"This project has no entry {log_id[:40]!r}.{since}")


def _is_same(found: UsageCorrection, request: Request) -> bool:
    """Whether a correction is what a request asks for."""
    same = (found.kind, found.reason) == (request.kind, request.reason)
    return same and _values(found.fields) == _values(request.fields)


def _values(fields: msgspec.Raw | None) -> object:
    return None if fields is None else _exact.decode(fields)


def _conflict(found: UsageCorrection) -> Problem:
    when = f"{found.corrected_at.astimezone(UTC):%F %T} UTC"
    if found.replaced_by is None:
        return Problem(409, f"The entry was voided on {when}: {found.reason!r}. It counts no longer.")
    return Problem(
        409,
        f"The entry was corrected on {when}: {found.reason!r}. Entry {found.replaced_by} counts instead; correct or "
        "void that one.",
    )
