"""The contracts between features: Protocols and frozen structs, no logic.

A plugin that provides a contract returns it from `llmring_services`; one that needs it calls
`server.service(Contract)`. Neither imports the other. Contracts of one feature are in the module of its name.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec
import psycopg

from llmring_server.contracts.usage_lines import CostBasis

Scope = Literal["ingest", "read", "admin"]


class Identity(msgspec.Struct, frozen=True):
    """The identity behind a request: its project, the key's public id and the key's scopes; `admin` includes all.

    It is `unconfirmed` if the key was valid within the last hour and cannot be looked up now: see `serving.RecentKeys`.
    """

    project_id: str
    key_id: str
    scopes: frozenset[Scope] = frozenset({"admin"})
    unconfirmed: bool = False

    def may(self, scope: Scope) -> bool:
        """Whether this key may do what requires `scope`."""
        return scope in self.scopes or "admin" in self.scopes


@runtime_checkable
class Authenticator(Protocol):
    """Identifies project keys. Without a provider, every well-formed key has its own project and the scope `admin`."""

    async def identify(self, key: str) -> Identity | None:
        """Return the identity of a key, or None when it is unknown, expired or revoked."""
        ...


class RateTier(msgspec.Struct, frozen=True, cache_hash=True):
    """The rates of calls whose prompt is above a number of tokens: USD per million tokens, by the names of `Price`.

    A rate that is not listed is that of the next lower tier.
    """

    above: int
    rates: tuple[tuple[str, Decimal], ...]


class UnitRate(msgspec.Struct, frozen=True, cache_hash=True):
    """The rate of something that is counted, not in tokens: `usd` for `per` of it, such as 10 USD for 1,000 searches.

    The unit `request` is counted once per call.
    """

    unit: str
    usd: Decimal
    per: int = 1


class Price(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """The price of a model, in USD per million tokens, and its source.

    `input` and `output` are None where the source has no price. `priced_as` is the source's key of the model
    (`openai:gpt-5-mini`), which differs from the requested model when that is an alias. `registry_version` is the
    version of the source: of the registry that of the provider's file, `openai.7`. A source states long-context rates
    either by `long_context_threshold` with two rates, or by `tiers`, lowest first. `cache_write` covers writes of every
    lifetime without a rate of its own; with `text_covers`, the text rates cover audio, images and video without
    one.
    `since` and `until` are the half-open period of the source's version, UTC, None where it is unknown or unbounded.
    """

    priced_as: str
    registry_version: str
    input: Decimal | None = None
    output: Decimal | None = None
    cached_input: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write_5m: Decimal | None = None
    cache_write_1h: Decimal | None = None
    output_thinking: Decimal | None = None
    long_context_threshold: int | None = None
    input_long_context: Decimal | None = None
    output_long_context: Decimal | None = None
    source: str = "registry"
    matched: Literal["exact", "alias", "pattern"] = "exact"
    cache_write: Decimal | None = None
    cache_write_30m: Decimal | None = None
    cache_write_12h: Decimal | None = None
    audio_input: Decimal | None = None
    audio_cache_read: Decimal | None = None
    audio_output: Decimal | None = None
    image_input: Decimal | None = None
    image_output: Decimal | None = None
    image_cache_read: Decimal | None = None
    video_input: Decimal | None = None
    video_output: Decimal | None = None
    tiers: tuple[RateTier, ...] = ()
    units: tuple[UnitRate, ...] = ()
    discount: Decimal | None = None
    text_covers: bool = False
    since: datetime | None = None
    until: datetime | None = None


@runtime_checkable
class PriceList(Protocol):
    """The prices of the model registry, in memory: a lookup never waits for I/O."""

    @property
    def loaded(self) -> bool:
        """Whether a copy of the registry is loaded; without one every `find` returns None."""
        ...

    def on_change(self, function: Callable[[], None]) -> None:
        """Call a plain function on the event loop whenever `find` may return other prices than before."""
        ...

    def find(self, provider: str, model: str, at: datetime | None = None) -> Price | None:
        """Return the price of `provider:model` that was in force at a time, by default now; None for an unknown model.

        An exact key beats the bare model, which beats an alias within the provider; case matters. A time before the
        oldest known version gets that version, whose `since` is later; older versions are then loaded in the
        background.
        """
        ...

    async def refresh(self) -> None:
        """Fetch the registry from its source now; when that fails, the current copy stays."""
        ...

    async def load_history(self, since: datetime) -> None:
        """Load the versions that were in force since a time, UTC, as far as they are known."""
        ...


class RecordedUsage(msgspec.Struct, frozen=True, kw_only=True):
    """One committed usage entry, as event listeners receive it; `cost` is USD, None while unpriced."""

    project_id: str
    log_id: str
    occurred_at: datetime
    provider: str
    model: str
    alias: str | None
    profile: str
    origin: str | None
    input_tokens: int
    output_tokens: int
    cost: Decimal | None
    cost_status: str


class LoggedUsage(RecordedUsage, frozen=True, kw_only=True):
    """One usage entry as it is stored: also the source of its cost, the version of the registry, and its basis."""

    cached_input_tokens: int
    cost_source: str | None
    registry_version: str | None
    priced_as: str | None
    basis: CostBasis


class ArrivingUsage(LoggedUsage, frozen=True, kw_only=True):
    """One usage entry before it is stored, priced; `key_id` is the project key of the request."""

    key_id: str | None
    status: str
    id_at_origin: str | None
    tags: Mapping[str, str]


@runtime_checkable
class UsageEntries(Protocol):
    """Lookup of logged calls by id. Without a provider, none are known."""

    async def find(self, project: str, log_id: str) -> LoggedUsage | None:
        """Return the current state of a project's entry, or None when the project has none of that id.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
        """
        ...


@runtime_checkable
class UsageReceipts(Protocol):
    """Receipts for logged calls, issued in the transaction that stores them. Without a provider, calls get none."""

    async def issue(
        self, connection: psycopg.AsyncConnection[Any], entries: Sequence[LoggedUsage]
    ) -> Sequence[bytes | None]:
        """Store the receipts of entries that are being stored, and return each receipt as signed.

        Entries without a receipt, such as those without a cost, get None. Called once per batch. After a failed
        transaction the batch may be stored again in another; an exception rolls the batch back.
        """
        ...

    async def find(
        self, connection: psycopg.AsyncConnection[Any], entries: Sequence[tuple[str, str]]
    ) -> Sequence[bytes | None]:
        """Return the receipts that were issued when entries, by project and log id, were stored; None without one."""
        ...


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One LLM call to bill; counts are tokens, `cost` is USD and authoritative when given.

    `usage` is the usage object of the provider: where it is given, it is billed instead of the counts. `key_id` is the
    project key of the request.
    """

    provider: str
    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    alias: str | None = None
    profile: str | None = None
    origin: str | None = None
    id_at_origin: str | None = None
    cost: Decimal | None = None
    latency_ms: float | None = None
    metadata: msgspec.Raw = msgspec.Raw(b"null")
    usage: msgspec.Raw = msgspec.Raw(b"null")
    key_id: str | None = None


class CallCounts(msgspec.Struct, frozen=True):
    """The tokens that a usage object reports, as its provider counts them."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int


class Bill(msgspec.Struct, frozen=True):
    """The usage entry of a call; `cost` is USD, None while unpriced, `price_notes` the substitutions of an estimate."""

    log_id: str
    cost: Decimal | None
    cost_source: str | None
    cost_status: str
    timestamp: datetime
    price_notes: tuple[str, ...] = ()


InTransaction = Callable[[psycopg.AsyncConnection[Any], Bill], Awaitable[None]]


@runtime_checkable
class Billing(Protocol):
    """Billing for a feature that stores calls itself. Without a provider, calls are stored unbilled."""

    def count(self, provider: str, model: str, usage: msgspec.Raw) -> CallCounts | None:
        """Return the counts in a provider's usage object of any known shape; None if it reports none.

        Raises:
            Problem: 422 for an object without known counts, or with invalid ones.
        """
        ...

    async def bill(self, project: str, call: Call, beside: InTransaction) -> Bill:
        """Store a call's usage entry with its sums, and what `beside` writes, in one transaction.

        `beside` receives the transaction's connection and the bill that is valid after the commit. It may be called
        again in another transaction after a serialization failure, so it must write the same each time.

        Raises:
            Problem: 422 for an invalid call; any exception of `beside`.
            Unavailable, psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
        """
        ...


@runtime_checkable
class PriorBilling(Protocol):
    """Lookup of calls that a feature billed before the client logs them. Without a provider, none are."""

    async def take(self, project: str, calls: Sequence[tuple[Call, str | None]]) -> list[Bill | None]:
        """Return the bill of each call that is being logged, or None for an unbilled one; each bill is returned once.

        Each call comes with its idempotency key, if any; the same key gets the same bill again. Returns without I/O
        when no `id_at_origin` was created by the feature.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
        """
        ...
