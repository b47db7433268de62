"""The contract of usage statements: a project's list, one statement with its lines, and its verification."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable

import msgspec

from llmring_server.contracts.receipts import ReceiptProof


class StatedTotal(msgspec.Struct, frozen=True):
    """The total of the lines of one model (`provider:model`) in one currency; a correction adds only its change.

    `unpriced` and `estimated` count calls by their status when they were stated; `estimated` is None in statements of
    the first format, which do not count them.
    """

    model: str
    currency: str
    amount: Decimal
    calls: int
    corrections: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    estimated: int | None = None


class LineRange(msgspec.Struct, frozen=True):
    """The lines of a statement: their number, the numbers of the first and the last, and the root of their tree."""

    count: int
    first: int | None
    last: int | None
    root: str


class StatementSummary(msgspec.Struct, frozen=True):
    """The content of a statement: it covers calls before `end` (UTC) that are in no earlier statement.

    `previous` is the SHA-256 of the previous statement, in base64url.
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
    """A stored statement: `content` is JSON byte for byte as signed, `summary` is None where that cannot be parsed."""

    number: int
    content: bytes
    summary: StatementSummary | None


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A line that corrects another: in line `seq` the call costs `cost`, `change` more than in line `corrects`.

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
    """One check against the stored data: `fault` is why it failed, as a sentence; None when it passed."""

    about: Literal["follows", "lines", "totals"]
    fault: str | None


class StatementProof(msgspec.Struct, frozen=True):
    """The result of a verification: the steps of the signature, then the checks against the stored data.

    `lines` and `totals` are missing from the checks when there are too many lines to check here.
    """

    signature: ReceiptProof
    checks: Sequence[StatementCheck]

    @property
    def valid(self) -> bool:
        """Whether the signature is valid and all checks passed."""
        return self.signature.valid and not any(check.fault for check in self.checks)


@runtime_checkable
class StatementBook(Protocol):
    """A project's statements, as the HTTP API returns them. Without a provider, there are none.

    They are created from logged calls (`llmring_server.contracts.usage_lines.UsageLines`).
    """

    async def page(self, project: str, limit: int, before: int | None = None) -> list[StoredStatement]:
        """Return up to `limit` statements with numbers below `before`, newest first."""
        ...

    async def get(self, project: str, number: int) -> StoredStatement | None:
        """Return a statement, or None when this project has none of that number."""
        ...

    async def prove(self, project: str, statement: StoredStatement) -> StatementProof:
        """Verify a stored statement: its signature, the previous statement, and its lines unless there are too many."""
        ...

    async def corrections(self, project: str, statement: StoredStatement, limit: int) -> list[Correction]:
        """Return the first corrections of a statement, in the order of its lines."""
        ...

    async def csv(self, project: str, number: int) -> AsyncIterator[bytes] | None:
        """Return a statement's lines as CSV, in chunks and constant memory, or None without that statement."""
        ...


@runtime_checkable
class StatementsDue(Protocol):
    """Calls that will be in an automatic statement, and must not be dropped before. Without a provider, none are."""

    async def find_pending(self, projects: Collection[str], end: datetime) -> list[str]:
        """Return those of these projects that have no statement up to `end` and will get one.

        A month that ended more than a year ago does not get one any more.
        """
        ...
