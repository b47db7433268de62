"""From an entry to a row: the one path by which usage is checked, priced and identified, whatever brought it."""

import functools
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import uuid_utils

from llmring_server.contracts import Price, PriceList
from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.models.entries import MAX_COST, MAX_DECIMALS, Entry
from llmring_usage.models.rows import Row
from llmring_usage.models.series import Series
from llmring_usage.pricing.calculators import Calculator, CostStatus, Quote, cost_of, price_status, quote
from llmring_usage.pricing.tokens import Tokens, count

DEFAULT_PROFILE = "default"
AHEAD = timedelta(minutes=5)
MAX_REMEMBERED = 4_096
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class Recorder:
    """Turns entries into rows, priced by what `prices` gives: the registry's list, or None when that feature is off.

    It is asked on first use, so that the conf file may name the features in any order.
    """

    def __init__(self, prices: Callable[[], PriceList | None], calculator: Calculator) -> None:
        self._ask = prices
        self._calculator = calculator
        self._series: dict[tuple[object, ...], Series] = {}

    @functools.cached_property
    def _prices(self) -> PriceList | None:
        return self._ask()

    async def refresh(self) -> None:
        """Have the registry asked for today's prices, where that feature is on."""
        if self._prices is not None:
            await self._prices.refresh()

    def row(self, project: str, entry: Entry, key: str | None = None) -> Row:
        """Return the row of an entry; `key` is the request's Idempotency-Key header.

        Raises:
            Problem: 422 for a cost or timestamp that cannot be, or two idempotency keys that differ.
        """
        now = datetime.now(UTC)
        series = self._series_of(project, entry)
        tokens = count(entry)
        computed = None if series.price is None else cost_of(tokens, series.price, self._calculator)
        key = entry.idempotency_key if key is None else _one_key(key, entry.idempotency_key)
        return Row(
            series=series,
            id=str(uuid_utils.uuid7()),
            occurred_at=now if entry.timestamp is None else _check_timestamp(entry.timestamp, now),
            received_at=None if entry.timestamp is None else now,
            input_tokens=entry.input_tokens or 0,
            output_tokens=entry.output_tokens or 0,
            cached_input_tokens=entry.cached_input_tokens or 0,
            id_at_origin=entry.id_at_origin,
            fresh_tokens=tokens.fresh,
            cache_read_tokens=tokens.cache_read,
            cache_write_5m_tokens=tokens.cache_write_5m,
            cache_write_1h_tokens=tokens.cache_write_1h,
            cache_write_tokens=tokens.cache_write,
            reasoning_tokens=tokens.reasoning,
            cost=computed if entry.cost is None else _check_cost(entry.cost),
            computed_cost=None if entry.cost is None else computed,
            latency_ms=entry.latency_ms,
            status=entry.status or "success",
            service_tier=entry.service_tier,
            operation_id=entry.operation_id,
            attempt=entry.attempt,
            tags=entry.tags,
            metadata=None if entry.metadata == codec.NULL else entry.metadata,
            idempotency_key=key,
            fingerprint=fingerprint(entry) if key else None,
        )

    def quote(self, provider: str, model: str, tokens: Tokens) -> Quote:
        """Price a call at today's registry, or say why that is not possible."""
        price = self.price(provider, model)
        return Quote(price) if isinstance(price, str) else quote(tokens, price, self._calculator)

    def price(self, provider: str, model: str) -> Price | CostStatus:
        """Return a model's price, or why there is none."""
        prices = self._prices
        if prices is None:
            return "registry_not_enabled"
        found = prices.find(provider, model)
        if found is None:
            return "model_not_in_registry" if prices.loaded else "registry_unavailable"
        return found

    def _series_of(self, project: str, entry: Entry) -> Series:
        """Return the series that an entry belongs to; those seen lately are remembered."""
        price = self.price(entry.provider, entry.model)
        said = (
            project, entry.provider, entry.model, entry.alias, entry.profile, entry.origin, entry.cost is None, price
        )  # fmt: skip
        found = self._series.get(said)
        if found is None:
            if len(self._series) >= MAX_REMEMBERED:
                self._series.clear()
            found = self._series[said] = _series(project, entry, price)
        return found


def _series(project: str, entry: Entry, price: Price | CostStatus) -> Series:
    known = None if isinstance(price, str) else price
    status = price if isinstance(price, str) else price_status(price)
    return Series(
        project,
        provider=entry.provider,
        model=entry.model,
        alias=entry.alias or None,
        profile=entry.profile or DEFAULT_PROFILE,
        origin=entry.origin or None,
        cost_source="client" if entry.cost is not None else "registry" if status == "priced" else None,
        cost_status="priced" if entry.cost is not None else status,
        price=known,
    )


def fingerprint(entry: Entry) -> str:
    """Return a digest of what an entry says, by which a replay is told from another entry under the same key."""
    said = msgspec.structs.replace(entry, idempotency_key=None)
    return hashlib.blake2b(codec.encode(said), digest_size=16).hexdigest()


def _check_cost(cost: Decimal) -> Decimal:
    exponent = cost.as_tuple().exponent
    if not isinstance(exponent, int):
        raise Problem.validation("body", "cost", msg="a cost is a finite number")
    if cost < 0:
        raise Problem.validation("body", "cost", msg="a cost is not negative")
    if cost >= MAX_COST or exponent < -MAX_DECIMALS:
        raise Problem.validation(
            "body", "cost", msg=f"a cost is below {MAX_COST:,} USD with {MAX_DECIMALS} decimals at most"
        )
    return cost.copy_abs()


def _check_timestamp(given: datetime, now: datetime) -> datetime:
    if given.tzinfo is None:
        raise Problem.validation("body", "timestamp", msg="name the offset: 2026-11-23T16:00:00Z")
    try:
        moment = given.astimezone(UTC)
    except OverflowError as error:
        raise Problem.validation("body", "timestamp", msg="out of range") from error
    if moment > now + AHEAD:
        raise Problem.validation(
            "body", "timestamp", msg=f"more than 5 minutes ahead of this server, where it is {now:%FT%TZ}"
        )
    if moment < EARLIEST:
        raise Problem.validation("body", "timestamp", msg="before 1970")
    return moment


def _one_key(header: str, member: str | None) -> str:
    if not 1 <= len(header) <= 255:
        raise Problem.validation("header", "Idempotency-Key", msg="1 to 255 characters")
    if member is not None and member != header:
        raise Problem.validation("body", "idempotency_key", msg="differs from the Idempotency-Key header; send one")
    return header
