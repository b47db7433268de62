"""The contracts of logged calls one by one: as statements have them, repriced, and taken back."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol, runtime_checkable
from uuid import UUID

import msgspec
import psycopg

CorrectionKind = Literal["void", "correct"]


class UnitPrice(msgspec.Struct, frozen=True):
    """The rate of something that is counted, not in tokens: `usd` for `per` of it, such as 10 USD for 1,000 searches.

    The cost of a count is rounded half-even to 18 decimals where it has more.
    """

    usd: Decimal
    per: int


class CostBasis(msgspec.Struct, frozen=True, kw_only=True):
    """What a call's cost was computed from; zero counts and absent values are left out.

    `billed` are disjoint counts of tokens by kind (`input`, `cache_read`, `output`, …), `units` those of other things
    by name. `rates` (USD per million tokens) and `unit_rates` give exactly `list_cost`, which less `discount` (a share
    of 1) is the cost; without a discount they give the cost. `rates` is None where the cost does not follow from them,
    such as a cost that the client sent. The source of the price, its version and how it knows the model (`exact`,
    `alias`, `pattern`) are None for such a cost and without a price. `price_notes` are the substitutions of an
    estimated cost.
    """

    billed: Mapping[str, int]
    units: Mapping[str, int] = {}
    rates: Mapping[str, Decimal] | None = None
    unit_rates: Mapping[str, UnitPrice] = {}
    price_source: str | None = None
    price_version: str | None = None
    matched: str | None = None
    list_cost: Decimal | None = None
    discount: Decimal | None = None
    price_notes: tuple[str, ...] = ()


class UsageLine(msgspec.Struct, frozen=True, kw_only=True):
    """A logged call as a line of a statement; counts are tokens, `cost` is USD, None while unpriced."""

    id: UUID
    occurred_at: datetime
    provider: str
    model: str
    alias: str | None
    profile: str
    origin: str | None
    status: str
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cost: Decimal | None
    cost_source: str | None
    cost_status: str
    priced_as: str | None
    registry_version: str | None
    basis: CostBasis


class UsageCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """How a logged call was taken back: it counts no longer, and stays readable.

    With `correct`, the entry `replaced_by` counts instead, and `fields` are what the correction changed. `key_id` is
    the key of the request, null for the command line; `corrected_at` is UTC.
    """

    log_id: str
    kind: CorrectionKind
    reason: str
    corrected_at: datetime
    key_id: str | None
    replaced_by: str | None = None
    fields: msgspec.Raw | None = None


class RepricedUsage(msgspec.Struct, frozen=True, kw_only=True):
    """One stored usage entry whose cost was computed again; `cost` and `old_cost` are USD, None while unpriced.

    `cost_source` is what prices it now: `registry`, `override` or `genai-prices`.
    """

    project_id: str
    log_id: str
    occurred_at: datetime
    provider: str
    model: str
    cost: Decimal | None
    cost_status: str
    cost_source: str | None
    old_cost: Decimal | None
    old_status: str


class CorrectedUsage(msgspec.Struct, frozen=True, kw_only=True):
    """One stored usage entry that was taken back; `cost` (USD, None while unpriced) counts no longer.

    With `correct`, the entry `replaced_by` counts instead, with `new_cost`; both are None with `void`.
    """

    project_id: str
    log_id: str
    occurred_at: datetime
    provider: str
    model: str
    cost: Decimal | None
    kind: CorrectionKind
    replaced_by: str | None = None
    new_cost: Decimal | None = None


@runtime_checkable
class UsageLines(Protocol):
    """Logged calls for statements. Without a provider, there are no statements."""

    def before(
        self, connection: psycopg.AsyncConnection[Any], project: str, end: datetime
    ) -> AsyncGenerator[Sequence[UsageLine], None]:
        """Yield a project's calls that count and happened before `end`, oldest first, in chunks.

        They are read through a server-side cursor in the transaction of `connection`, in its snapshot and in constant
        memory. Calls dropped by the retention are not among them.
        """
        ...

    def corrected(
        self, connection: psycopg.AsyncConnection[Any], project: str
    ) -> AsyncGenerator[Sequence[UsageCorrection], None]:
        """Yield the corrections of a project's calls, oldest first, as `before` yields calls.

        Those of calls dropped by the retention are among them.
        """
        ...

    async def projects(self, start: datetime, end: datetime) -> dict[str, datetime]:
        """Return the projects that may have calls or corrections in `[start, end)`, each with a time after the last.

        That time is at most two days after it, and never after `end`. A few projects with neither may be among them.
        It may take minutes with many projects.
        """
        ...


@runtime_checkable
class UsageCorrections(Protocol):
    """Lookup of corrections. Without a provider, no call is ever taken back."""

    async def find(self, project: str, log_ids: Sequence[str]) -> Mapping[str, UsageCorrection]:
        """Return the corrections of those entries that were taken back, by log id; other texts are no entries.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
        """
        ...

    async def find_projects(self, log_id: str) -> Mapping[str, UsageCorrection]:
        """Return the corrections of an entry by project, whose ids are unique: for a receipt, which names none.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: as `find`.
        """
        ...
