"""What a feature may ask of usage about aliases and models: who calls them, and what other models would have cost."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

import msgspec


class TokenCounts(msgspec.Struct, frozen=True):
    """Tokens by kind, disjoint but for `reasoning`, which is part of `output`."""

    fresh: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0


class ModelTraffic(msgspec.Struct, frozen=True):
    """Calls of one model; `provider` is None where the sums do not tell. `cost` is USD without the unpriced calls."""

    provider: str | None
    model: str
    requests: int
    cost: Decimal
    unpriced_requests: int


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """What the same calls would have cost with another model (`provider:model`) at today's registry price.

    `cost` is USD, None with the reason in `status` (`model_not_in_registry`, `price_missing`, …).
    """

    model: str
    status: str
    cost: Decimal | None = None
    priced_as: str | None = None
    registry_version: str | None = None


class AliasTraffic(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of an alias in a range `[since, until)`, UTC; `cost` is USD as it was logged, without the unpriced.

    `origins` are those with most calls, each with how many; None stands for calls without one.
    """

    since: datetime
    until: datetime
    requests: int
    cost: Decimal
    unpriced_requests: int
    tokens: TokenCounts
    models: Sequence[ModelTraffic]
    origins: Sequence[tuple[str | None, int]]
    alternatives: Sequence[Alternative]


@runtime_checkable
class Traffic(Protocol):
    """Logged usage, as whoever changes an alias asks about it."""

    async def of_alias(
        self, project: str, *, profile: str, alias: str, since: datetime, until: datetime, models: Sequence[str] = ()
    ) -> AliasTraffic | None:
        """Return an alias's calls, and what each of `models` would have cost for the same tokens.

        Of the last seven days, whole hours are added up beforehand; calls of older ones are read one by one.
        Costs come from the one pricing path, call by call where a model's price depends on the prompt's length. None
        means that there are too many calls to add up within a few seconds.
        """
        ...

    async def models(self, project: str, since: datetime) -> Sequence[ModelTraffic]:
        """Return the models called since a time (UTC; its whole day in the reporting zone), most requests first."""
        ...

    async def providers(self, project: str, since: datetime) -> Sequence[str]:
        """Return the providers called since a time, as `models` counts."""
        ...
