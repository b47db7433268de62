"""The package genai-prices as a source: bundled, so that prices are known without internet.

Its data takes half a second and 30 MB to import, so it is loaded in a thread. Lookups go through its types, not through
`calc_price`, which remembers every name that it is asked for without a bound.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from llmring_server.contracts import Price, RateTier, UnitRate
from llmring_usage.prices.names import FINE_TUNED, ModelName, canonical_provider, is_snapshot_of
from llmring_usage.prices.source import Lookup
from llmring_usage.pricing.choice import Candidate
from llmring_usage.pricing.rates import OWN

if TYPE_CHECKING:
    from genai_prices import types

SOURCE = "genai-prices"
# Its rates of tokens, USD per million, and ours.
TOKEN_RATES: Mapping[str, str] = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_5m_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
    "output_reasoning_mtok": "output_thinking",
    "input_audio_mtok": "audio_input",
    "cache_audio_read_mtok": "audio_cache_read",
    "output_audio_mtok": "audio_output",
    "input_image_mtok": "image_input",
    "output_image_mtok": "image_output",
    "cache_image_read_mtok": "image_cache_read",
    "input_video_mtok": "video_input",
    "output_video_mtok": "video_output",
}
# Its rates of other things, our unit, and how many of it a rate is for.
UNIT_RATES: Mapping[str, tuple[str, int]] = {
    "web_searches_kcount": ("web_search", 1000),
    "storage_searches_kcount": ("file_search", 1000),
    "social_searches_kcount": ("social_search", 1000),
    "rerank_searches_kcount": ("rerank_search", 1000),
    "code_executions_kcount": ("code_execution", 1000),
    "requests_kcount": ("request", 1000),
    "input_text_messages_kcount": ("text_message", 1000),
    "input_document_kpages": ("page", 1000),
    "input_annotated_document_kpages": ("annotated_page", 1000),
    "input_mchars": ("character", 1_000_000),
    "output_citation_mtok": ("citation_token", 1_000_000),
    "audio_hours": ("audio_second", 3600),
}
# Groq bills at least ten seconds of audio, which a rate cannot express.
NOT_LINEAR = {("groq", "audio_hours")}


class Match(NamedTuple):
    """A model of the package, and how its name was found.

    A `loose` provider only resembles the given one; a `snapshot` is the model itself, or a dated snapshot of it.
    """

    owner: "types.Provider"
    model: "types.ModelInfo"
    loose: bool
    matched: Literal["exact", "alias", "pattern"]
    snapshot: bool


class BundledPrices:
    """The prices of the package; without `load`, no model is known. `exact` forbids loose matches of names."""

    def __init__(self, *, exact: bool = False) -> None:
        self._exact = exact
        self._providers: dict[str, types.Provider] = {}
        self.version = ""

    @property
    def loaded(self) -> bool:
        """Whether the prices are loaded."""
        return bool(self._providers)

    async def load(self) -> None:
        """Import the package and its data in a thread."""
        if not self.loaded:
            self._providers, self.version = await asyncio.to_thread(_import)

    async def fetch(self, url: str) -> bool:
        """Replace the data by that of a URL, in the package's format, and return whether it differs.

        Raises:
            Exception: it cannot be fetched, or is not in that format; the current data stays.
        """
        providers = await asyncio.to_thread(_fetch, url)
        if await asyncio.to_thread(providers.__eq__, self._providers):
            return False
        self._providers = providers
        self.version = f"{self.version.partition(',')[0]}, fetched {datetime.now(UTC):%Y-%m-%dT%H:%MZ}"
        return True

    def find(self, lookup: Lookup, name: ModelName) -> Candidate | None:
        """Return the price of a model."""
        found = self._match(name)
        if found is None or (self._exact and (found.loose or not found.snapshot)):
            return None
        at = lookup.at.astimezone(UTC)
        own = found.owner is self._providers.get(name.provider)
        conditions = lookup.variant.conditions
        met = list(_active_variants(found.model, conditions, at)) if own else []
        prices = found.model.get_prices(at, conditions if own else None)
        notes = [
            *([f"provider {lookup.provider} priced as {found.owner.id}"] if found.loose else []),
            *([] if found.snapshot else [f"{lookup.model} priced as {found.model.id}"]),
        ]
        notes += [
            f"{condition} {value} priced as standard"
            for condition, value in conditions.items()
            if not any(variant.when.get(condition) == value for variant in met)
        ]
        start, end = _hours_around(found.model, at)
        return Candidate(
            price=self._price(found, prices, _start_date(found.model, at)),
            notes=tuple(notes),
            standard_kinds=_standard_kinds(prices, met),
            start=start,
            end=end,
        )

    def find_base(self, lookup: Lookup, name: ModelName) -> Candidate | None:
        """Return the price of the model that a name is a dated snapshot of: an estimate."""
        found = self.find(lookup, name)
        if found is None:
            return None
        note = f"{lookup.model} priced as {found.price.priced_as.partition(':')[2]}"
        price = msgspec.structs.replace(found.price, matched="pattern")
        return msgspec.structs.replace(found, price=price, notes=(note, *(one for one in found.notes if one != note)))

    def _match(self, name: ModelName) -> Match | None:
        provider = self._providers.get(name.provider)
        loose = provider is None
        if provider is None:
            provider = next((one for one in self._providers.values() if _sells_as(one, name.provider)), None)
        if provider is None:
            return None
        everyone = list(self._providers.values())
        for model_name in name.models:
            model = provider.find_model(model_name, all_providers=everyone)
            if model is None and model_name.startswith(FINE_TUNED):
                base = ":".join(model_name.split(":")[:2])
                model = next((one for one in provider.models if one.id == base), None)
            if model is not None:
                return Match(self._owner(provider, model), model, loose, *_how_matched(model, model_name))
        return None

    def _owner(self, provider: "types.Provider", model: "types.ModelInfo") -> "types.Provider":
        """Return the provider that lists a model: a provider may sell the models of others at their price."""
        others = (self._providers.get(canonical_provider(name)) for name in provider.fallback_model_providers or ())
        for one in (provider, *(other for other in others if other is not None)):
            if any(listed is model for listed in one.models):
                return one
        return provider

    def _price(self, found: Match, prices: "types.ModelPrice", since: datetime | None) -> Price:
        rates: dict[str, Decimal] = {}
        tiers: dict[int, dict[str, Decimal]] = {}
        units: list[UnitRate] = []
        for key, value in vars(prices).items():
            base = _base(value)
            if base is None or (found.owner.id, key) in NOT_LINEAR:
                continue
            if key in UNIT_RATES:
                unit, per = UNIT_RATES[key]
                units.append(UnitRate(unit, base, per))
            elif key in TOKEN_RATES:
                rates[TOKEN_RATES[key]] = base
                for tier in getattr(value, "tiers", ()):
                    tiers.setdefault(tier.start, {})[TOKEN_RATES[key]] = tier.price
        return Price(
            priced_as=f"{found.owner.id}:{found.model.id}",
            registry_version=self.version,
            source=SOURCE,
            matched=found.matched,
            tiers=tuple(RateTier(above, tuple(sorted(listed.items()))) for above, listed in sorted(tiers.items())),
            units=tuple(units),
            text_covers=True,
            since=since,
            **rates,  # type: ignore[arg-type]
        )


def _import() -> "tuple[dict[str, types.Provider], str]":
    from genai_prices import __version__
    from genai_prices.data import providers

    return {canonical_provider(provider.id): provider for provider in providers}, __version__


def _fetch(url: str) -> "dict[str, types.Provider]":
    from genai_prices import UpdatePrices

    snapshot = UpdatePrices(url=url).fetch()
    return {canonical_provider(provider.id): provider for provider in snapshot.providers} if snapshot else {}


def _sells_as(provider: "types.Provider", name: str) -> bool:
    return provider.provider_match is not None and provider.provider_match.is_match(name)


def _base(value: object) -> Decimal | None:
    base = getattr(value, "base", value)
    return base if isinstance(base, Decimal) else None


def _how_matched(model: "types.ModelInfo", name: str) -> tuple[Literal["exact", "alias", "pattern"], bool]:
    """Return how a name matches a model, and whether it is that model's name or a dated snapshot of it."""
    lower = name.lower()
    if lower == model.id.lower():
        return "exact", True
    literals = set(_literals(model.match))
    if lower in literals:
        return "alias", True
    if lower.startswith(FINE_TUNED):
        return "pattern", model.id.startswith(FINE_TUNED)
    return "pattern", any(is_snapshot_of(lower, text) for text in (model.id, *literals))


def _literals(clause: object) -> Iterator[str]:
    """Yield the texts of a match in lower case, any of which is sufficient; not those of `and`, which are parts."""
    for inner in getattr(clause, "or_", ()):
        yield from _literals(inner)
    for kind in ("equals", "starts_with", "ends_with", "contains"):
        if isinstance(text := getattr(clause, kind, None), str):
            yield text.lower()


def _active_variants(
    model: "types.ModelInfo", conditions: Mapping[str, str], at: datetime
) -> "Iterator[types.PriceVariant]":
    for variant in model.price_variants or ():
        active = variant.constraint is None or variant.constraint.active(at)
        if active and all(conditions.get(name) == value for name, value in variant.when.items()):
            yield variant


def _standard_kinds(prices: "types.ModelPrice", met: "Iterable[types.PriceVariant]") -> frozenset[str]:
    """Return the kinds of token for which the variants have no rate of their own."""
    listed = {TOKEN_RATES[key] for variant in met for key in vars(variant.prices) if key in TOKEN_RATES}
    if not listed:
        return frozenset()
    known = {TOKEN_RATES[key] for key, value in vars(prices).items() if key in TOKEN_RATES and value is not None}
    return frozenset(
        kind
        for kind, names in OWN.items()
        if (first := next((name for name in names if name in known), None)) and first not in listed
    )


def _start_date(model: "types.ModelInfo", at: datetime) -> datetime | None:
    """Return the date from which the active price of a model is valid, if it has one."""
    for conditional in reversed(model.prices if isinstance(model.prices, list) else []):
        if conditional.constraint is None:
            return None
        if conditional.constraint.active(at):
            day = getattr(conditional.constraint, "start_date", None)
            return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
    return None


def _hours_around(model: "types.ModelInfo", at: datetime) -> tuple[datetime | None, datetime | None]:
    """Return the hours between which the price of a model stays the same on the day of a time, None if all day."""
    conditional = model.prices if isinstance(model.prices, list) else []
    times = [
        getattr(one.constraint, name)
        for one in (*conditional, *(model.price_variants or ()))
        for name in ("start_time", "end_time")
        if hasattr(one.constraint, name)
    ]
    moments = [datetime.combine(at.date(), time, time.tzinfo or UTC).astimezone(UTC) for time in times]
    on_day = [datetime.combine(at.date(), moment.timetz()) for moment in moments]
    return (
        max((moment for moment in on_day if moment <= at), default=None),
        min((moment for moment in on_day if moment > at), default=None),
    )
