"""From an entry to a row: the one path by which usage is validated, priced and identified, whatever its source."""

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import uuid_utils

from llmring_server.contracts import Price
from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.models.entries import MAX_COST, MAX_DECIMALS, UsageEntry
from llmring_usage.models.rows import UsageRow
from llmring_usage.models.series import Series
from llmring_usage.pricing.calculators import CostStatus, price_status
from llmring_usage.pricing.price_book import UsagePriceBook
from llmring_usage.pricing.tokens import count_tokens

DEFAULT_PROFILE = "default"
MAX_CLOCK_SKEW = timedelta(minutes=5)
CLOCK_STEP_SECONDS = 0.5  # less than `ID_TOLERANCE` of lookups by id
MAX_CACHED_SERIES = 4_096
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class EntryPricer:
    """Converts entries to rows, priced by a price book."""

    def __init__(self, prices: UsagePriceBook) -> None:
        self._prices = prices
        self._series: dict[tuple[object, ...], Series] = {}

    def entry_to_row(self, project: str, entry: UsageEntry, key: str | None = None) -> UsageRow:
        """Return the row of an entry; `key` is the request's Idempotency-Key header.

        Raises:
            Problem: 422 for an invalid cost or timestamp, or for two idempotency keys that differ.
        """
        now = datetime.now(UTC)
        series = self._series_of(project, entry)
        tokens = count_tokens(entry)
        computed = self._prices.cost_of(tokens, series.price)
        row_id = uuid_utils.uuid7()
        key = entry.idempotency_key if key is None else _resolve_key(key, entry.idempotency_key)
        return UsageRow(
            series=series,
            id=str(row_id),
            occurred_at=now if entry.timestamp is None else _validate_timestamp(entry.timestamp, now),
            received_at=_received_at(row_id, now) if entry.timestamp is None else now,
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
            cost=computed if entry.cost is None else _validate_cost(entry.cost),
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

    def _series_of(self, project: str, entry: UsageEntry) -> Series:
        """Return the series of an entry; recently used ones are cached."""
        price = self._prices.find(entry.provider, entry.model)
        identity = (
            project, entry.provider, entry.model, entry.alias, entry.profile, entry.origin, entry.cost is None, price
        )  # fmt: skip
        found = self._series.get(identity)
        if found is None:
            if len(self._series) >= MAX_CACHED_SERIES:
                self._series.clear()
            found = self._series[identity] = _build_series(project, entry, price)
        return found


def _received_at(row_id: uuid_utils.UUID, now: datetime) -> datetime | None:
    """Return the time in an id that differs from the clock, which has stepped back; None if they agree.

    Ids do not step back. A lookup expects the call at the time in its id unless the row has another time of receipt.
    """
    received = row_id.timestamp / 1000
    return None if abs(received - now.timestamp()) < CLOCK_STEP_SECONDS else datetime.fromtimestamp(received, UTC)


def _build_series(project: str, entry: UsageEntry, price: Price | CostStatus) -> Series:
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


def fingerprint(entry: UsageEntry) -> str:
    """Return a digest of an entry's content: a retry under the same key has the same one, another entry does not."""
    content = msgspec.structs.replace(entry, idempotency_key=None)
    return hashlib.blake2b(codec.encode(content), digest_size=16).hexdigest()


def _validate_cost(cost: Decimal) -> Decimal:
    exponent = cost.as_tuple().exponent
    if not isinstance(exponent, int):
        raise Problem.validation("body", "cost", msg="Must be a finite number.")
    if cost < 0:
        raise Problem.validation("body", "cost", msg="Must not be negative.")
    if cost >= MAX_COST or exponent < -MAX_DECIMALS:
        raise Problem.validation(
            "body", "cost", msg=f"Must be below {MAX_COST:,} USD, with at most {MAX_DECIMALS} decimals."
        )
    return cost.copy_abs()


def _validate_timestamp(given: datetime, now: datetime) -> datetime:
    if given.tzinfo is None:
        raise Problem.validation("body", "timestamp", msg="Must have an offset: 2026-11-23T16:00:00Z.")
    try:
        moment = given.astimezone(UTC)
    except OverflowError as error:
        raise Problem.validation("body", "timestamp", msg="Out of range.") from error
    if moment > now + MAX_CLOCK_SKEW:
        raise Problem.validation(
            "body", "timestamp", msg=f"More than 5 minutes ahead of this server's clock ({now:%FT%TZ})."
        )
    if moment < EARLIEST:
        raise Problem.validation("body", "timestamp", msg="Must not be before 1970.")
    return moment


def _resolve_key(header: str, field: str | None) -> str:
    """Return the idempotency key of a request whose header has one."""
    if not 1 <= len(header) <= 255:
        raise Problem.validation("header", "Idempotency-Key", msg="Must have 1 to 255 characters.")
    if field is not None and field != header:
        raise Problem.validation("body", "idempotency_key", msg="Differs from the Idempotency-Key header. Send one.")
    return header
