"""From an entry to a row: the one path by which usage is validated, priced and identified, whatever its source."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import uuid_utils

from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.counts.entry_counts import NOTHING, count_entry
from llmring_usage.counts.token_limit import has_more, too_many
from llmring_usage.models.entries import MAX_COST, MAX_DECIMALS, PlainEntry
from llmring_usage.models.fingerprints import key_fields
from llmring_usage.models.rows import UsageRow
from llmring_usage.models.series import Series
from llmring_usage.prices.book import PriceBook
from llmring_usage.pricing.choice import USAGE_MISSING, Choice
from llmring_usage.pricing.rates import count_billed
from llmring_usage.pricing.tokens import NO_RARE_COUNTS, Tokens

DEFAULT_PROFILE = "default"
MAX_CLOCK_SKEW = timedelta(minutes=5)
CLOCK_STEP_SECONDS = 0.5  # less than `ID_TOLERANCE` of lookups by id
MAX_CACHED_SERIES = 4_096
ArrivalCheck = Callable[[UsageRow, str | None], UsageRow]
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class EntryPricer:
    """Converts entries to rows, priced by a price book; `max_tokens` of a kind are the most that a call may have."""

    def __init__(self, prices: PriceBook, max_tokens: int, check: ArrivalCheck | None = None) -> None:
        self._prices = prices
        self._check = check or None
        self._max_tokens = max_tokens
        self._series: dict[tuple[object, ...], Series] = {}

    def entry_to_row(
        self, project: str, entry: PlainEntry, key: str | None = None, key_id: str | None = None
    ) -> UsageRow:
        """Return the row of an entry; `key` is the request's Idempotency-Key header, `key_id` its project key.

        Raises:
            Problem: 422 for invalid counts, cost or timestamp, or for two idempotency keys that differ; the problem of
                a plugin that refuses the entry.
        """
        row = self.price(project, entry, *self.count(entry), key, key_id)
        return row if self._check is None else self._check(row, key_id)

    def count(self, entry: PlainEntry) -> tuple[Tokens | None, PlainEntry]:
        """Return the counts of an entry, and the entry as reported; see `count_entry`.

        Raises:
            Problem: 422 for invalid counts, or for more tokens than a call may have.
        """
        counted, reported = count_entry(entry)
        if counted is not None and has_more(counted, self._max_tokens):
            raise too_many(entry, counted, self._max_tokens)
        return counted, reported

    def price(
        self, project: str, entry: PlainEntry, counted: Tokens | None, reported: PlainEntry, key: str | None = None,
        key_id: str | None = None,
    ) -> UsageRow:  # fmt: skip
        """Return the row of an entry that is counted.

        Raises:
            Problem: 422 for an invalid cost or timestamp, or for two idempotency keys that differ.
        """
        now = datetime.now(UTC)
        occurred_at = now if entry.timestamp is None else _validate_timestamp(entry.timestamp, now)
        tokens = NOTHING if counted is None else counted
        counts = count_billed(tokens)
        choices = self._prices.choices_of(project, reported, occurred_at)
        choice = USAGE_MISSING if counted is None else choices.choose(tokens, counts)
        listed = choice.list_cost(tokens, counts)
        computed = choice.cost(listed)
        key = entry.idempotency_key if key is None else _resolve_key(key, entry.idempotency_key)
        row_id = uuid_utils.uuid7()
        return UsageRow(
            series=self._series_of(project, key_id, entry, choice),
            id=str(row_id),
            occurred_at=occurred_at,
            received_at=_received_at(row_id, now) if entry.timestamp is None else now,
            input_tokens=reported.input_tokens or 0,
            output_tokens=tokens.output,
            cached_input_tokens=reported.cached_input_tokens or 0,
            id_at_origin=entry.id_at_origin,
            fresh_tokens=tokens.fresh,
            cache_read_tokens=tokens.cache_read,
            cache_write_5m_tokens=tokens.cache_write_5m,
            cache_write_1h_tokens=tokens.cache_write_1h,
            cache_write_tokens=tokens.cache_write,
            reasoning_tokens=tokens.reasoning,
            rare_counts=None if tokens.rare is NO_RARE_COUNTS else tokens.rare,
            cost=computed if entry.cost is None else _validate_cost(entry.cost),
            computed_cost=None if entry.cost is None else computed,
            list_cost=None if choice.discount is None else listed,
            latency_ms=entry.latency_ms,
            status=entry.status or "success",
            service_tier=reported.service_tier,
            processing=reported.processing,
            speed=reported.speed,
            operation_id=entry.operation_id,
            attempt=entry.attempt,
            tags=entry.tags,
            metadata=None if entry.metadata == codec.NULL else entry.metadata,
            **(key_fields(key, entry) if key else {}),
        )

    def _series_of(self, project: str, key_id: str | None, entry: PlainEntry, choice: Choice) -> Series:
        """Return the series of an entry; recently used ones are cached."""
        identity = (
            project, key_id, entry.provider, entry.model, entry.alias, entry.profile, entry.origin, entry.cost is None,
            choice.terms,
        )  # fmt: skip
        found = self._series.get(identity)
        if found is None:
            if len(self._series) >= MAX_CACHED_SERIES:
                self._series.clear()
            found = self._series[identity] = _build_series(project, key_id, entry, choice)
        return found


def _received_at(row_id: uuid_utils.UUID, now: datetime) -> datetime | None:
    """Return the time in an id that differs from the clock, which has stepped back; None if they agree.

    Ids do not step back. A lookup expects the call at the time in its id unless the row has another time of receipt.
    """
    received = row_id.timestamp / 1000
    return None if abs(received - now.timestamp()) < CLOCK_STEP_SECONDS else datetime.fromtimestamp(received, UTC)


def _build_series(project: str, key_id: str | None, entry: PlainEntry, choice: Choice) -> Series:
    by_client = entry.cost is not None
    return Series(
        project,
        provider=entry.provider,
        model=entry.model,
        alias=entry.alias or None,
        profile=entry.profile or DEFAULT_PROFILE,
        origin=entry.origin or None,
        key_id=None if key_id == project else key_id,
        cost_source="client" if by_client else choice.cost_source,
        cost_status="priced" if by_client else choice.status,
        price=choice.price,
        discount=choice.discount,
        price_notes=() if by_client else choice.notes,
    )


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


def validate_key(header: str) -> None:
    """Validate a request's Idempotency-Key header.

    Raises:
        Problem: 422 for one that is empty or too long.
    """
    if not 1 <= len(header) <= 255:
        raise Problem.validation("header", "Idempotency-Key", msg="Must have 1 to 255 characters.")


def _resolve_key(header: str, field: str | None) -> str:
    """Return the idempotency key of a request whose header has one."""
    validate_key(header)
    if field is not None and field != header:
        raise Problem.validation("body", "idempotency_key", msg="Differs from the Idempotency-Key header. Send one.")
    return header
