"""The counts of an entry: those of its usage object, or its own fields."""

from collections.abc import Mapping
from typing import Any

import msgspec

from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.counts.own_counts import count_tokens, is_anthropic
from llmring_usage.counts.report import Report, disjoint
from llmring_usage.counts.shapes import read_usage
from llmring_usage.counts.usage_object import InvalidUsage
from llmring_usage.models.entries import ABSENT, COUNTS, PlainEntry, UsageEntry
from llmring_usage.pricing.tokens import Tokens

NOTHING = Tokens(0, 0, 0, 0, 0, 0, 0)
FORMS = (
    "The entry has no token counts. Send input_tokens and output_tokens, or the usage object of the provider as "
    '"usage"; "usage": null for an answer whose usage is not known, or "status": "error" for a call that failed.'
)


def count_entry(entry: PlainEntry) -> tuple[Tokens | None, PlainEntry]:
    """Return the counts of an entry, and the entry as its usage object reports it.

    The counts are None if the call was answered and its usage is not known. The returned entry has the input, output
    and cached input as reported, and the service tier, processing and speed, whatever the shape of its usage object.

    Raises:
        Problem: 422 for an entry without counts, with both counts and usage, or with counts that contradict each other.
    """
    try:
        if isinstance(entry, UsageEntry):
            _check_currency(entry.currency)
            if entry.usage is not msgspec.UNSET and entry.usage != codec.NULL:
                return _count_usage(entry, msgspec.json.decode(entry.usage))
        elif entry.input_tokens is not ABSENT:
            return count_tokens(entry), entry
        return count_tokens(entry) if _has_counts(entry) else _without_counts(entry), entry
    except InvalidUsage as error:
        raise Problem.validation("body", *error.loc, msg=error.msg) from error


def read_report(usage: Any, provider: str, model: str) -> Report | None:
    """Return the report of a decoded usage object; None if it reports nothing.

    Raises:
        InvalidUsage: it has no counts of a known shape, or an invalid one.
    """
    if not isinstance(usage, dict):
        raise InvalidUsage("Must be an object.", "usage")
    try:
        return read_usage(usage, is_anthropic(provider, model))
    except InvalidUsage as error:
        raise InvalidUsage(error.msg, "usage", *error.loc) from error


def _count_usage(entry: UsageEntry, usage: Any) -> tuple[Tokens | None, PlainEntry]:
    explicit = next((name for name in COUNTS if _number(entry, name)), None)
    if explicit is not None:
        raise InvalidUsage("Send either usage or counts, not both.", explicit)
    report = read_report(usage, entry.provider, entry.model)
    if report is None:
        return _without_counts(entry), entry
    report = msgspec.structs.replace(report, units=_merge_units(report.units, entry.units or {}))
    tokens = disjoint(report)
    return tokens, msgspec.structs.replace(
        entry,
        input_tokens=report.input,
        output_tokens=tokens.output,
        cached_input_tokens=report.cache_read,
        service_tier=entry.service_tier or report.service_tier,
        processing=entry.processing or report.processing,
        speed=entry.speed or report.speed,
    )


def _merge_units(reported: Mapping[str, int], given: Mapping[str, int]) -> dict[str, int]:
    """Return the units of a usage object and those beside it."""
    for unit, number in given.items():
        if reported.get(unit, 0) not in (0, number):
            raise InvalidUsage(f"Differs from the usage object, which has {reported[unit]}.", "units", unit)
    return {**reported, **given}


def _without_counts(entry: PlainEntry) -> Tokens | None:
    """Return the counts of an entry that has none: unknown for an answer, nothing for a failed call."""
    if isinstance(entry, UsageEntry) and entry.usage is not msgspec.UNSET:
        return NOTHING if entry.status == "error" else None
    if entry.cost is None and entry.status not in ("error", "aborted"):
        raise InvalidUsage(FORMS)
    return None if entry.status == "aborted" else NOTHING


def _has_counts(entry: PlainEntry) -> bool:
    own = entry.input_tokens, entry.output_tokens, entry.cached_input_tokens
    if any(count is not ABSENT for count in own):
        return True
    return any(_number(entry, name) is not None for name in COUNTS) or bool(getattr(entry, "units", None))


def _number(entry: PlainEntry, name: str) -> int | None:
    """Return a count of an entry; None without one."""
    count = getattr(entry, name, None)
    return None if count is ABSENT else count


def _check_currency(currency: str | None) -> None:
    if currency is not None and currency.upper() != "USD":
        raise InvalidUsage("Costs are in USD. Convert the cost, or leave it out.", "currency")
