"""What one feature may ask of another: Protocols and frozen structs, nothing that runs.

A plugin that offers a contract returns it from `llmring_services`; one that needs it calls
`server.service(Contract)`. Neither imports the other. What a feature shows of its data lies in a module of its name.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec
import psycopg

Scope = Literal["ingest", "read", "admin"]


class Identity(msgspec.Struct, frozen=True):
    """Who a request is: its project, the key's public id, and what that key may do; `admin` may do everything."""

    project_id: str
    key_id: str
    scopes: frozenset[Scope] = frozenset({"admin"})

    def may(self, scope: Scope) -> bool:
        """Whether this key may do what asks for `scope`."""
        return scope in self.scopes or "admin" in self.scopes


@runtime_checkable
class Authenticator(Protocol):
    """Whose key a key is. Without a provider, any well-formed key names a project of its own and may do everything."""

    async def identify(self, key: str) -> Identity | None:
        """Return who sends `key`, or None for a key that is unknown, expired or revoked."""
        ...


@runtime_checkable
class KeyStatus(Protocol):
    """What a key may do at this moment, asked by its id: for whoever keeps a session open, and not the key.

    Without a provider a plain key is as good as ever, and any other id is none.
    """

    async def current_identity(self, project_id: str, key_id: str) -> Identity | None:
        """Return who a key of this project is, or None when it is unknown, expired or revoked."""
        ...


class Price(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """What a model costs, in USD per million tokens, and where the figures come from.

    `input` and `output` are None where the registry has no price. `priced_as` is the registry's key that
    answered, which differs from the model asked for when that is an alias. `registry_version` is the version of
    the provider's file, `openai.7`.
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


@runtime_checkable
class PriceList(Protocol):
    """The model registry as pricing sees it: in memory, never waiting on I/O."""

    @property
    def loaded(self) -> bool:
        """Whether a registry copy is there; without one every `find` gives None."""
        ...

    def find(self, provider: str, model: str) -> Price | None:
        """Return the price of `provider:model`, or None when the registry does not know it.

        An exact key beats the bare model, which beats an alias within the provider; case matters.
        """
        ...

    async def refresh(self) -> None:
        """Ask the registry's source now; returns when that is done, and keeps what was there when it fails."""
        ...


class RecordedUsage(msgspec.Struct, frozen=True, kw_only=True):
    """One committed usage entry, as event listeners see it; `cost` is USD, None while unpriced."""

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
    """One usage entry as it is stored: also how its cost was found, with which version of the registry."""

    cached_input_tokens: int
    cost_source: str | None
    registry_version: str | None


@runtime_checkable
class UsageEntries(Protocol):
    """Logged calls, for a feature that makes something of one. Without a provider, none are known."""

    async def find(self, project: str, log_id: str) -> LoggedUsage | None:
        """Return a project's entry as it stands now, or None when the project has none of that id.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
        """
        ...


@runtime_checkable
class UsageReceipts(Protocol):
    """Receipts beside logged calls, in the transaction that stores those. Without a provider, calls get none."""

    async def issue(
        self, connection: psycopg.AsyncConnection[Any], entries: Sequence[LoggedUsage]
    ) -> Sequence[bytes | None]:
        """Store the receipts of entries that are being stored, and return each as it was signed.

        None stands for an entry that has no receipt: one without a cost, for one. Called once a batch, which may be
        stored again in another transaction after one that failed; what it raises undoes the batch.
        """
        ...

    async def find(
        self, connection: psycopg.AsyncConnection[Any], entries: Sequence[tuple[str, str]]
    ) -> Sequence[bytes | None]:
        """Return the receipts that entries were given when they were stored, by project and log id; None for none."""
        ...


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One LLM call that a feature has billed; counts are tokens, `cost` is USD and authoritative when given."""

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


class Bill(msgspec.Struct, frozen=True):
    """The usage entry of a call; `cost` is USD, None while unpriced."""

    log_id: str
    cost: Decimal | None
    cost_source: str | None
    cost_status: str
    timestamp: datetime


InTransaction = Callable[[psycopg.AsyncConnection[Any], Bill], Awaitable[None]]


@runtime_checkable
class Billing(Protocol):
    """Usage for a feature that stores calls itself. Without a provider, calls are stored unbilled."""

    async def bill(self, project: str, call: Call, beside: InTransaction) -> Bill:
        """Store a call's usage entry with its sums, and what `beside` writes, in one transaction; both or neither.

        `beside` is given the transaction's connection and the bill that stands after the commit. It may be called
        again in another transaction when the database asks for that, so it must write the same each time.

        Raises:
            Problem: 422 for a call that does not fit; whatever `beside` raises.
            Unavailable, psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
        """
        ...


@runtime_checkable
class PriorBilling(Protocol):
    """Calls that a feature had billed before the client logs them. Without a provider, every logged call is news."""

    async def take(self, project: str, calls: Sequence[tuple[Call, str | None]]) -> list[Bill | None]:
        """Return the bill of each call that is logged now, or None for one that is news; each bill is given out once.

        Beside a call stands its idempotency key, if any, under which the same bill is given out again. Answers without
        I/O when no `id_at_origin` is of the feature's making.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
        """
        ...
