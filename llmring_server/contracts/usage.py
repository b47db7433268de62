"""The contract of usage: the structs of `/api/v1/stats` and `/api/v1/logs`, and the protocol that pages read."""

from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID

import msgspec

from llmring_server.contracts.usage_filters import CallFilter
from llmring_server.contracts.usage_lines import UsageCorrection

Kind = Literal["model", "alias", "profile", "origin", "provider"]
Step = Literal["day", "week", "month"]


class Summary(msgspec.Struct, frozen=True):
    """The sums of a range; unpriced calls are those without a cost, the cost of estimated ones is in `total_cost`.

    `total_tokens` are all input and output; `input_tokens` and `cached_input_tokens` are as reported, which for some
    providers excludes the cache. The kinds of `uncounted_requests`, logged by an earlier version, are not known: their
    tokens are those that were sent, and they are in none of the cache and reasoning tokens. Latencies are the median
    and the 95th percentile (ms; null without any).
    """

    total_requests: int
    total_cost: Decimal
    total_tokens: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    unique_models: int
    unique_origins: int
    unpriced_requests: int
    unpriced_tokens: int
    failed_requests: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    estimated_requests: int
    uncounted_requests: int


class Period(msgspec.Struct, frozen=True):
    """One day, week or month, by its first day; `top_model` has the highest cost, then the most calls."""

    date: date
    total_calls: int
    total_tokens: int
    total_cost: Decimal
    top_model: str


class Day(msgspec.Struct, frozen=True):
    """One day in the time zone."""

    date: date
    requests: int
    cost: Decimal
    top_model: str


class Share(msgspec.Struct, frozen=True):
    """The share of one value in the whole, with the sums of the summary; the key '' is for calls without that value."""

    requests: int
    cost: Decimal
    input_tokens: int
    output_tokens: int
    total_tokens: int
    cached_input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    unpriced_requests: int
    estimated_requests: int
    uncounted_requests: int


class ModelShare(Share, frozen=True):
    """The share of one model, with its failed calls and latencies (ms; null without latencies)."""

    errors: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None


class Statistics(msgspec.Struct, frozen=True):
    """The response of `/stats` without `by`; all parts are from one snapshot: each breakdown adds up to the summary.

    A breakdown has the names with the highest cost, then the most requests; `other` is the sum of the others, if any.
    `by_model` has models of the same name at several providers together; `by_provider_model` has each of them, as
    `openai:gpt-5-mini`. In the provider of such a key, `~` is `~0` and `:` is `~1`; it is empty for calls logged by an
    earlier version whose rows were dropped.

    Only answers about filtered calls have `limited_requests`, the calls of the range that are summed without their
    names, since too many combinations of names occurred on their day, and `incomplete_before`, the day before which
    calls are missing, if raw rows were dropped before an upgrade.
    """

    summary: Summary
    by_period: list[Period]
    by_day: list[Day]
    by_model: dict[str, ModelShare]
    by_alias: dict[str, Share]
    by_profile: dict[str, Share]
    by_origin: dict[str, Share]
    by_provider: dict[str, Share]
    by_provider_model: dict[str, Share]
    limited_requests: int | msgspec.UnsetType = msgspec.UNSET
    incomplete_before: date | msgspec.UnsetType = msgspec.UNSET


class StepShare(msgspec.Struct, frozen=True):
    """The share of a name in one day, week or month, by its first day; '' is for calls without a name.

    None is the sum of the names that are not among the `shares`.
    """

    date: date
    name: str | None
    requests: int
    cost: Decimal


class Spending(msgspec.Struct, frozen=True):
    """A range, its breakdown by one kind, and that breakdown per step of time; all from one snapshot.

    `names` is the number of names; `shares` are those of the 100 with the highest cost, then the most requests.
    By model, `provider_models` has the models of each provider, with keys as in `Statistics.by_provider_model`.
    """

    summary: Summary
    names: int
    shares: Mapping[str, Share]
    steps: list[StepShare]
    provider_models: Mapping[str, Share] = {}


class LogEntry(msgspec.Struct, frozen=True):
    """One row of `/logs`; `logged_at` is when the call happened, by which the list is ordered and filtered.

    `input_tokens` and `cached_input_tokens` are as reported. `fresh_tokens`, the cache reads and writes, audio, image
    and video input are disjoint and add up to the whole prompt; `reasoning_tokens`, audio, image and video output are
    parts of `output_tokens`. `units` are other things that are billed, by name. `price_source` (`registry`,
    `genai-prices`, `override:<id>`) and the fields after it are those of the price that gives `computed_cost`;
    `list_cost` is that before `discount`, a share of 1, and `price_notes` are the substitutions of an estimated cost.

    An entry with `corrected_at` (UTC) was taken back and counts no longer: it was voided, or corrected by the entry
    `replaced_by`, which has its id in `replaces`.
    """

    id: UUID
    logged_at: datetime
    provider: str
    model: str
    alias: str | None
    profile: str
    origin: str | None
    id_at_origin: str | None
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cost: Decimal | None
    cost_source: str | None
    cost_status: str
    latency_ms: Decimal | None
    metadata: msgspec.Raw | None
    received_at: datetime
    computed_cost: Decimal | None
    priced_as: str | None
    registry_version: str | None
    status: str
    service_tier: str | None
    reasoning_tokens: int
    operation_id: str | None
    attempt: int | None
    tags: msgspec.Raw | None
    fresh_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cache_write_5m_tokens: int
    cache_write_30m_tokens: int
    cache_write_1h_tokens: int
    cache_write_12h_tokens: int
    audio_input_tokens: int
    cached_audio_tokens: int
    image_input_tokens: int
    cached_image_tokens: int
    video_input_tokens: int
    audio_output_tokens: int
    image_output_tokens: int
    video_output_tokens: int
    units: msgspec.Raw | None
    processing: str | None
    speed: str | None
    price_source: str | None
    price_version: str | None
    matched: str | None
    list_cost: Decimal | None
    discount: Decimal | None
    price_notes: msgspec.Raw | None
    corrected_at: datetime | None
    replaced_by: UUID | None
    replaces: UUID | None


class LogPage(msgspec.Struct, frozen=True):
    """A page of calls, newest first, and the cursor after each of them.

    `more` is whether there are calls after the last.
    """

    entries: list[LogEntry]
    cursors: list[str]
    more: bool


class CostTerm(msgspec.Struct, frozen=True):
    """One term of a computed cost: `tokens` of a kind at `rate` (USD per million) cost `cost` USD."""

    kind: str
    tokens: int
    rate: Decimal
    cost: Decimal


class Calculation(msgspec.Struct, frozen=True):
    """The calculation of a cost: the calculator, and the terms whose sum is `total` USD.

    `exact` is False where today's calculation differs from the stored cost.
    """

    calculator: str
    terms: list[CostTerm]
    total: Decimal
    exact: bool


class LoggedCall(msgspec.Struct, frozen=True):
    """One call in full; `calculation` is None where no price was known, `receipt_id` where the call has no receipt.

    `correction` is how the call was taken back, None for one that counts.
    """

    entry: LogEntry
    calculation: Calculation | None
    receipt_id: str | None = None
    correction: UsageCorrection | None = None


@runtime_checkable
class UsageReading(Protocol):
    """A project's usage as `/api/v1/stats`, `/api/v1/logs` and its export return it, for other features.

    Every method raises Problem (422) for an invalid range, time zone or cursor.
    """

    async def default_timezone(self, project: str) -> str:
        """Return the time zone of a project's dates, an IANA name: its own, or the deployment's reporting zone."""
        ...

    async def summary(self, project: str, chosen: CallFilter) -> Summary:
        """Return the sums of the matching calls."""
        ...

    async def spending(self, project: str, chosen: CallFilter, kind: Kind, step: Step) -> Spending:
        """Return matching calls by the names of a kind (models with errors and latencies), in total and over time.

        Weeks begin on Monday (ISO 8601); the first and the last step contain only calls in the range.
        """
        ...

    async def page(self, project: str, chosen: CallFilter, limit: int, cursor: str | None = None) -> LogPage:
        """Return up to `limit` calls after a cursor, newest first; `metadata` and `tags` are None."""
        ...

    async def call(self, project: str, cursor: str) -> LoggedCall | None:
        """Return the call of a cursor, or None when this project has no such call."""
        ...

    async def csv(self, project: str, chosen: CallFilter) -> AsyncIterator[bytes]:
        """Return all matching calls as CSV, in chunks and constant memory; the iterator must be exhausted.

        Raises:
            Unavailable: too many exports are running already.
        """
        ...
