"""The contract of usage by alias and model: the callers, and the cost of the same calls with other models."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

import msgspec


class TokenCounts(msgspec.Struct, frozen=True):
    """Tokens by kind, disjoint but for reasoning, audio, image and video output, which are parts of `output`."""

    fresh: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    cache_write_30m: int = 0
    cache_write_12h: int = 0
    audio_input: int = 0
    audio_cache_read: int = 0
    image_input: int = 0
    image_cache_read: int = 0
    video_input: int = 0
    audio_output: int = 0
    image_output: int = 0
    video_output: int = 0


class ModelTraffic(msgspec.Struct, frozen=True):
    """Calls of one model; `provider` is None where the sums lack it. `cost` is USD without the unpriced calls."""

    provider: str | None
    model: str
    requests: int
    cost: Decimal
    unpriced_requests: int


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of the same tokens with another model (`provider:model`) at today's price.

    `cost` is USD, None with the reason in `status` (`model_not_in_registry`, `price_missing`, …). `notes` are the
    substitutions of one that is `estimated`.
    """

    model: str
    status: str
    cost: Decimal | None = None
    notes: Sequence[str] = ()
    priced_as: str | None = None
    registry_version: str | None = None


class AliasTraffic(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of an alias in a range `[since, until)`, UTC; `cost` is USD as it was logged, without the unpriced.

    `origins` are those with most calls, each with its number of calls; None is for calls without an origin. The cost of
    counted units, such as web searches, is in `cost` and not in `alternatives`: `unit_requests` calls have some.
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
    unit_requests: int = 0


@runtime_checkable
class Traffic(Protocol):
    """Logged usage, to estimate the impact of changing an alias."""

    async def of_alias(
        self, project: str, *, profile: str, alias: str, since: datetime, until: datetime, models: Sequence[str] = ()
    ) -> AliasTraffic | None:
        """Return an alias's calls, and the cost of the same tokens with each of `models`.

        Whole hours of the last seven days are summed in advance; older calls are read one by one. Costs are computed
        by the same pricing code as for logging, per call where a model's price depends on the prompt's length. None
        means that there are too many calls to sum up within a few seconds.
        """
        ...

    async def models(self, project: str, since: datetime) -> Sequence[ModelTraffic]:
        """Return the models called since a time (UTC, including its whole reporting day), most requests first."""
        ...

    async def providers(self, project: str, since: datetime) -> Sequence[str]:
        """Return the providers called since a time, as in `models`."""
        ...
