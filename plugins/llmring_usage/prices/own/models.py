"""Own prices: their form, its validation, and how one changes the price of another source. No I/O.

Rates are USD per million tokens by billed kind, units USD per piece. A project's own prices go before those of the
deployment; among each, the narrowest match wins: the exact model, then the longest prefix, then all models.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

import msgspec

from llmring_server.http.errors import Problem
from llmring_usage.prices.names import canonical_provider
from llmring_usage.pricing.rates import BILLED
from llmring_usage.pricing.variants import variant_of

DEPLOYMENT = ""  # the project of prices that hold for all projects
MAX_RATE = Decimal(10_000)
MAX_UNIT = Decimal(10_000)
RATE_DECIMALS = 8
DISCOUNT_DECIMALS = 4
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
UNIT = re.compile(r"[a-z][a-z0-9_]{0,63}")
MATCHES = ("exact", "prefix", "all")
ANY_MODEL = "*"

ShortText = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
BoundT = TypeVar("BoundT", date, datetime)


class PriceOverride(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An own price: what it applies to, from when to when, and one of `rates`, `priced_as` and `discount`.

    `match` is `exact`, `prefix` or `all` (with the model `*`). `effective_to` is exclusive; as a date it includes that
    day, UTC. `rates` are USD per million tokens by kind, `per_unit` USD per piece; what is left out is the next
    source's. `priced_as` is the model that is billed, `provider:model`. `discount` is a share of the cost.
    """

    provider: ShortText
    model: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    match: Literal["exact", "prefix", "all"] = "exact"
    service_tier: ShortText | None = None
    processing: ShortText | None = None
    speed: ShortText | None = None
    effective_from: str | None = None
    effective_to: str | None = None
    rates: dict[str, Decimal] | None = None
    per_unit: dict[str, Decimal] | None = None
    priced_as: Annotated[str, msgspec.Meta(max_length=320)] | None = None
    discount: Decimal | None = None
    note: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class OwnPrice(msgspec.Struct, frozen=True, kw_only=True):
    """An own price in force or closed, as stored; times are UTC, `created_by` and `closed_by` are key ids."""

    project_id: str
    id: str
    revision: int
    provider: str
    model: str
    match: str
    service_tier: str | None = None
    processing: str | None = None
    speed: str | None = None
    effective_from: datetime | None = None
    effective_to: datetime | None = None
    rates: dict[str, str] | None = None
    per_unit: dict[str, str] | None = None
    priced_as: str | None = None
    discount: Decimal | None = None
    note: str | None = None
    created_at: datetime
    created_by: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None

    @property
    def source(self) -> str:
        """The name of this price as a source."""
        return f"override:{self.id}"

    @property
    def version(self) -> str:
        """The version of this price as a source."""
        return str(self.revision)

    @property
    def selector(self) -> tuple[object, ...]:
        """What this price applies to, at any time; two prices of one selector must not overlap in time."""
        model = ANY_MODEL if self.match == "all" else self.model.lower()
        variant = variant_of(self.service_tier, self.processing, self.speed)
        return canonical_provider(self.provider), model, self.match, variant, self.discount is None

    @property
    def rank(self) -> tuple[bool, int, int, int]:
        """How narrow this price is: greater ones win."""
        variant = variant_of(self.service_tier, self.processing, self.speed)
        exactness = len(MATCHES) - MATCHES.index(self.match)
        return self.project_id != DEPLOYMENT, exactness, len(self.model), len(variant.conditions)

    def matches(self, models: Iterable[str]) -> bool:
        """Whether this price applies to a model under any of its names."""
        if self.match == "all":
            return True
        own = self.model.lower()
        names = (model.lower() for model in models)
        return any(name == own if self.match == "exact" else name.startswith(own) for name in names)

    def holds_at(self, at: datetime) -> bool:
        """Whether this price is in force at a time."""
        return (self.effective_from or at) <= at and (self.effective_to is None or at < self.effective_to)

    def overlaps(self, other: "OwnPrice") -> bool:
        """Whether both prices are in force at some time."""
        return (other.effective_to is None or (self.effective_from or EARLIEST) < other.effective_to) and (
            self.effective_to is None or (other.effective_from or EARLIEST) < self.effective_to
        )


class FilePrice(OwnPrice, frozen=True, kw_only=True):
    """An own price from a file; `digest` is the beginning of the file's SHA-256."""

    digest: str

    @property
    def version(self) -> str:
        """The version of this price as a source."""
        return f"file {self.digest}"


EARLIEST = datetime(1, 1, 1, tzinfo=UTC)


def own_price(
    override: PriceOverride, project: str, name: str, created_at: datetime, created_by: str | None, revision: int = 1
) -> OwnPrice:
    """Return a validated own price.

    Raises:
        Problem: 422 that names the invalid field.
    """
    if not ID.fullmatch(name):
        raise Problem.validation("path", "id", msg="Must have 1 to 64 characters: letters, digits, '.', '_' and '-'.")
    _check_target(override)
    _check_amounts(override)
    start = _parse_bound("effective_from", override.effective_from)
    end = _parse_bound("effective_to", override.effective_to, end=True)
    if start is not None and end is not None and end <= start:
        raise _invalid("effective_to", "Must be after effective_from.")
    given = {
        field: getattr(override, field)
        for field in ("provider", "model", "match", "service_tier", "processing", "speed", "priced_as", "note")
    }
    return OwnPrice(
        project_id=project, id=name, revision=revision, **given, effective_from=start, effective_to=end,
        rates=_texts(override.rates), per_unit=_texts(override.per_unit), discount=override.discount,
        created_at=created_at, created_by=created_by,
    )  # fmt: skip


def _check_target(override: PriceOverride) -> None:
    chosen = [
        name
        for name, given in (
            ("rates", override.rates is not None or override.per_unit is not None),
            ("priced_as", override.priced_as is not None),
            ("discount", override.discount is not None),
        )
        if given
    ]
    if len(chosen) != 1:
        found = " and ".join(chosen) or "none"
        raise _invalid("rates", f"Give exactly one of rates (or per_unit), priced_as and discount; found: {found}.")
    if (override.match == "all") != (override.model == ANY_MODEL):
        raise _invalid("model", f"Must be {ANY_MODEL!r} with match 'all', and only then.")
    if override.priced_as is not None:
        provider, separator, model = override.priced_as.partition(":")
        if not (provider and separator and model):
            raise _invalid("priced_as", "Must be provider:model, such as openai:gpt-4o.")


def _check_amounts(override: PriceOverride) -> None:
    for kind, rate in (override.rates or {}).items():
        if kind not in BILLED:
            raise _invalid("rates", f"Unknown kind. Known: {', '.join(BILLED)}.", kind)
        _check_amount(rate, MAX_RATE, RATE_DECIMALS, "rates", kind)
    for unit, amount in (override.per_unit or {}).items():
        if not UNIT.fullmatch(unit):
            raise _invalid("per_unit", "Must be a name such as web_search.", unit)
        _check_amount(amount, MAX_UNIT, RATE_DECIMALS, "per_unit", unit)
    if override.rates == {} and not override.per_unit:
        raise _invalid("rates", "Must have at least one rate.")
    if override.discount is not None:
        _check_amount(override.discount, Decimal(1), DISCOUNT_DECIMALS, "discount")
        if override.discount >= 1:
            raise _invalid("discount", "Must be at least 0 and below 1.")


def _check_amount(amount: Decimal, most: Decimal, decimals: int, *field: str) -> None:
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int):
        raise _invalid(*field[:1], "Must be a finite number.", *field[1:])
    if amount < 0:
        raise _invalid(*field[:1], "Must not be negative.", *field[1:])
    if amount > most or exponent < -decimals:
        raise _invalid(*field[:1], f"Must be at most {most:,}, with at most {decimals} decimals.", *field[1:])


def _invalid(field: str, msg: str, *inner: str) -> Problem:
    return Problem.validation("body", field, *inner, msg=msg)


def _parse_bound(field: str, text: str | None, *, end: bool = False) -> datetime | None:
    """Return a bound as a time; a bare date is that day, UTC, which the end of a period includes."""
    if not text:
        return None
    try:
        if len(text) == len("2026-12-01"):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return day + timedelta(days=1) if end else day
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise _invalid(field, "Must have an offset: 2026-12-01T00:00:00Z.")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _invalid(field, "Must be a date or a time: 2026-12-01 or 2026-12-01T00:00:00Z.") from error


def _texts(amounts: Mapping[str, Decimal] | None) -> dict[str, str] | None:
    return None if amounts is None else {name: format(amount, "f") for name, amount in amounts.items()}


def find_conflict(new: OwnPrice, others: Iterable[OwnPrice]) -> OwnPrice | None:
    """Return another price of the same selector whose period overlaps, or None."""
    return next(
        (one for one in others if one.id != new.id and one.selector == new.selector and one.overlaps(new)), None
    )
