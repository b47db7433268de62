"""What a feature may ask of statements of usage: a project's list, what one says, its lines, and what checks it."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable

import msgspec

from llmring_server.contracts.receipts import ReceiptProof


class StatedTotal(msgspec.Struct, frozen=True):
    """What the lines of one model (`provider:model`) in one currency come to; a correction adds its change alone."""

    model: str
    currency: str
    amount: Decimal
    calls: int
    corrections: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int


class LineRange(msgspec.Struct, frozen=True):
    """Which lines a statement has: how many, the numbers of the first and the last, and their tree's root."""

    count: int
    first: int | None
    last: int | None
    root: str


class StatementSummary(msgspec.Struct, frozen=True):
    """What a statement says: it covers what happened before `end` (UTC) and was in no statement before.

    `previous` is SHA-256 of the one before, in base64url.
    """

    number: int
    start: datetime | None
    end: datetime
    timestamp: datetime
    lines: LineRange
    totals: list[StatedTotal]
    previous: str | None
    key_id: str


class StoredStatement(msgspec.Struct, frozen=True):
    """A statement as it is kept: `content` is JSON byte for byte as signed, `said` None where it cannot be read."""

    number: int
    content: bytes
    said: StatementSummary | None


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A line that corrects another: line `seq` says that the call costs `cost` now, `change` more than line `corrects`.

    `cost` is None while unpriced; `occurred_at` is when the call happened (UTC).
    """

    seq: int
    corrects: int
    call_id: str
    occurred_at: datetime
    model: str
    cost: Decimal | None
    change: Decimal
    currency: str


class StatementCheck(msgspec.Struct, frozen=True):
    """One thing that was held against what is kept: `fault` says in words why it failed, None when it held."""

    about: Literal["follows", "lines", "totals"]
    fault: str | None


class StatementProof(msgspec.Struct, frozen=True):
    """A verification spelled out: the steps of the signature, then what the statement was held against.

    `lines` and `totals` are missing from the checks where there are more lines than are looked at here.
    """

    signature: ReceiptProof
    checks: Sequence[StatementCheck]

    @property
    def valid(self) -> bool:
        """Whether the signature is good, and nothing that was looked at is wrong."""
        return self.signature.valid and not any(check.fault for check in self.checks)


@runtime_checkable
class StatementBook(Protocol):
    """A project's statements, read as the JSON calls do. Without a provider, there are none.

    They are made where calls are logged (`llmring_server.contracts.usage_lines.UsageLines`).
    """

    async def page(self, project: str, limit: int, before: int | None = None) -> list[StoredStatement]:
        """Return up to `limit` statements, newest first, those below a number."""
        ...

    async def get(self, project: str, number: int) -> StoredStatement | None:
        """Return a statement, or None when this project has none of that number."""
        ...

    async def prove(self, project: str, statement: StoredStatement) -> StatementProof:
        """Check a kept statement: its signature, the one before it, and its lines as far as they are few enough."""
        ...

    async def corrections(self, project: str, statement: StoredStatement, limit: int) -> list[Correction]:
        """Return the first corrections of a statement, in the order of its lines."""
        ...

    async def csv(self, project: str, number: int) -> AsyncIterator[bytes] | None:
        """Return a statement's lines as CSV, in parts and constant memory, or None without that statement."""
        ...


@runtime_checkable
class StatementsDue(Protocol):
    """Which calls are yet to be stated by themselves, before they are dropped. Without a provider, none are."""

    async def awaited(self, projects: Collection[str], end: datetime) -> list[str]:
        """Return those of these projects that have no statement up to `end` and will be given one.

        A month that ended more than a year ago is given none any more.
        """
        ...
