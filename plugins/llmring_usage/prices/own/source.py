"""Own prices as a source: the narrowest of a project's and the deployment's, over the price of the next source."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from llmring_server.contracts import Price, RateTier, UnitRate
from llmring_usage.prices.names import ModelName, canonical_provider
from llmring_usage.prices.own.models import DEPLOYMENT, OwnPrice
from llmring_usage.prices.source import Lookup, unmet_notes
from llmring_usage.pricing.choice import Candidate
from llmring_usage.pricing.rates import BILLED
from llmring_usage.pricing.variants import Variant, variant_of

LIFETIMES = ("cache_write_5m", "cache_write_30m", "cache_write_1h", "cache_write_12h")
ATTRIBUTES = {kind: "output_thinking" if kind == "reasoning" else kind for kind in BILLED}


class OwnMatch(NamedTuple):
    """The own price and the discount of a call, and the half-open period for which they stay the narrowest, UTC."""

    price: OwnPrice | None = None
    discount: OwnPrice | None = None
    start: datetime | None = None
    end: datetime | None = None


class OwnPrices:
    """The own prices of all projects, in memory, by project and provider."""

    def __init__(self) -> None:
        self._prices: dict[str, dict[str, list[OwnPrice]]] = {}
        self.projects: Collection[str] = frozenset()

    def replace(self, project: str, prices: Iterable[OwnPrice]) -> None:
        """Replace the prices of a project, or of the deployment."""
        by_provider: dict[str, list[OwnPrice]] = {}
        for price in prices:
            by_provider.setdefault(canonical_provider(price.provider), []).append(price)
        self._prices.pop(project, None)
        if by_provider:
            self._prices[project] = by_provider
        self.projects = frozenset(self._prices) - {DEPLOYMENT}

    def clear(self, projects: Collection[str]) -> None:
        """Drop the prices of all projects but these."""
        for project in set(self._prices) - set(projects):
            self.replace(project, ())

    def of_project(self, project: str) -> list[OwnPrice]:
        """Return the prices of a project."""
        return [price for prices in self._prices.get(project, {}).values() for price in prices]

    def find(self, lookup: Lookup, name: ModelName) -> OwnMatch:
        """Return the narrowest own price and the narrowest discount of a call."""
        providers = {name.provider, canonical_provider(lookup.provider)}
        found = [
            price
            for project in (lookup.project, DEPLOYMENT)
            for provider in providers
            for price in self._prices.get(project, {}).get(provider, ())
            if price.matches((lookup.model, *name.models)) and _meets(price, lookup.variant)
        ]
        bounds = [bound for price in found for bound in (price.effective_from, price.effective_to) if bound]
        held = [price for price in found if price.holds_at(lookup.at)]
        return OwnMatch(
            _narrowest(price for price in held if price.discount is None),
            _narrowest(price for price in held if price.discount is not None),
            max((bound for bound in bounds if bound <= lookup.at), default=None),
            min((bound for bound in bounds if bound > lookup.at), default=None),
        )


def _narrowest(prices: Iterable[OwnPrice]) -> OwnPrice | None:
    return max(prices, key=lambda price: price.rank, default=None)


def _meets(price: OwnPrice, variant: Variant) -> bool:
    """Whether a call has the conditions of a price."""
    own = variant_of(price.service_tier, price.processing, price.speed).conditions
    return own.items() <= variant.conditions.items()


def own_candidates(own: OwnPrice, lookup: Lookup, listed: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates of an own price: over each listed one, whose rates it leaves out, or alone."""
    met = variant_of(own.service_tier, own.processing, own.speed).conditions
    unmet = Variant(*(None if name in met else value for name, value in lookup.variant._asdict().items()))
    rates = {kind: Decimal(rate) for kind, rate in (own.rates or {}).items()}
    alone = Price(priced_as=f"{own.provider}:{lookup.model}", registry_version=own.version, source=own.source)
    bases = listed or [Candidate(alone)]
    return [
        Candidate(
            price=_overlay(base.price, rates, own),
            notes=unmet_notes(unmet),
            standard_kinds=(frozenset(BILLED) if base.notes else base.standard_kinds) - rates.keys(),
            agreed=frozenset(rates),
            start=base.start,
            end=base.end,
        )
        for base in bases
    ]


def redirected(own: OwnPrice, candidate: Candidate) -> Candidate:
    """Return the candidate of another model that a call is `priced_as`."""
    price = candidate.price
    version = f"{own.version}, {price.source} {price.registry_version}"
    return msgspec.structs.replace(
        candidate, price=msgspec.structs.replace(price, source=own.source, registry_version=version)
    )


def _overlay(base: Price, rates: Mapping[str, Decimal], own: OwnPrice) -> Price:
    """Return a price with own rates; its tiers keep only the rates that are not own ones."""
    given: dict[str, Decimal | None] = {ATTRIBUTES[kind]: rate for kind, rate in rates.items()}
    if "cache_write" in given:
        given = {**dict.fromkeys(LIFETIMES), **given}
    if "cache_read" in given:
        given = {"cached_input": given["cache_read"], **given}
    if base.long_context_threshold is not None:
        given |= {f"{name}_long_context": given[name] for name in ("input", "output") if name in given}
    tiers = (
        RateTier(tier.above, tuple((name, rate) for name, rate in tier.rates if name not in given))
        for tier in base.tiers
    )
    units = {unit: UnitRate(unit, Decimal(usd)) for unit, usd in (own.per_unit or {}).items()}
    version = own.version
    if base.source != own.source:
        version += f", {base.source} {base.registry_version}"
    return msgspec.structs.replace(
        base,
        **given,  # names and values are those of `Price`
        tiers=tuple(tier for tier in tiers if tier.rates),
        units=(*(rate for rate in base.units if rate.unit not in units), *units.values()),
        source=own.source,
        registry_version=version,
        matched="exact" if own.match == "exact" else "pattern",
        since=None,
        until=None,
    )
