"""The price book: the candidates of all sources for a call, in the order in which they are asked, remembered by day.

Own prices go first, then the registry, then the bundled package; the package goes before the registry where it has a
change of the price that is later than the registry's file, and not later than the call.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from llmring_server.contracts import Price, PriceList
from llmring_usage.models.entries import PlainEntry
from llmring_usage.prices.bundled import BundledPrices
from llmring_usage.prices.names import ModelName, resolve_name, snapshot_bases
from llmring_usage.prices.own.source import OwnMatch, OwnPrices, own_candidates, redirected
from llmring_usage.prices.registry import RegistryPrices
from llmring_usage.prices.source import Lookup
from llmring_usage.pricing.calculators import CostStatus
from llmring_usage.pricing.choice import Candidate, Choice, Choices
from llmring_usage.pricing.rates import count_billed
from llmring_usage.pricing.tokens import Tokens
from llmring_usage.pricing.variants import variant_of

PLAIN_CALL = Tokens(1, 0, 0, 0, 0, 1, 0)
MAX_REMEMBERED = 4_096
MAX_REDIRECTS = 3


class PriceBook:
    """Finds the price of a call; everything is in memory, so nothing here waits for I/O.

    `on_change` is called with None when the prices of the registry change.
    """

    def __init__(
        self, own: OwnPrices, registry: RegistryPrices, bundled: BundledPrices, *, calculator: str, exact: bool = False
    ) -> None:
        self.own = own
        self.registry = registry
        self.bundled = bundled
        self._calculator = calculator
        self._exact = exact
        self._remembered: dict[tuple[object, ...], Choices] = {}
        self.on_change: Callable[[str | None], None] = lambda project: None

    async def refresh(self, since: datetime | None = None) -> None:
        """Load today's prices of the registry, if that is enabled, and those since a time (UTC)."""
        if self.registry.list is not None:
            await self.registry.list.refresh()
            if since is not None:
                await self.registry.list.load_history(since)
        self.forget()

    def use_registry(self, prices: PriceList | None) -> None:
        """Use the registry's prices, None without a registry, and follow their changes."""
        self.registry.list = prices
        if prices is not None:
            prices.on_change(self._on_registry_change)

    def _on_registry_change(self) -> None:
        self.forget()
        self.on_change(None)

    def forget(self) -> None:
        """Look everything up again: a source has changed."""
        self._remembered.clear()

    def choices(
        self, project: str, provider: str, model: str, at: datetime, service_tier: str | None = None,
        processing: str | None = None, speed: str | None = None,
    ) -> Choices:  # fmt: skip
        """Return the candidates for a call at a time (UTC); recent ones are remembered by day."""
        if project not in self.own.projects:
            project = ""
        key = (project, provider, model, at.toordinal(), service_tier, processing, speed)
        found = self._remembered.get(key)
        if found is None or not (found.holds_all_day or found.holds_at(at)):
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            variant = variant_of(service_tier, processing, speed)
            found = self._remembered[key] = self.look_up(Lookup(project, provider, model, at, variant))
        return found

    def choices_of(self, project: str, entry: PlainEntry, at: datetime) -> Choices:
        """Return the candidates for an entry."""
        return self.choices(project, entry.provider, entry.model, at, entry.service_tier, entry.processing, entry.speed)

    def look_up(self, lookup: Lookup) -> Choices:
        """Ask all sources."""
        name = resolve_name(lookup.provider, lookup.model)
        own = self.own.find(lookup, name)
        candidates = self.candidates(lookup, own)
        discount = Decimal(own.discount.discount) if own.discount and own.discount.discount is not None else None
        found = Choices(candidates, self.missing_status(), discount, self._calculator, own.start, own.end)
        found.check_day(lookup.at)
        return found

    def candidates(self, lookup: Lookup, own: OwnMatch, redirects: int = 0) -> list[Candidate]:
        """Return the price of each source that knows the model, in order."""
        listed = self.listed(lookup, resolve_name(lookup.provider, lookup.model))
        if own.price is None:
            return listed
        if own.price.priced_as is None:
            return [*own_candidates(own.price, lookup, listed), *listed]
        if redirects >= MAX_REDIRECTS:
            return listed
        provider, _, model = own.price.priced_as.partition(":")
        target = lookup._replace(provider=provider, model=model)
        found = self.candidates(target, self.own.find(target, resolve_name(provider, model)), redirects + 1)
        return [*(redirected(own.price, candidate) for candidate in found), *listed]

    def listed(self, lookup: Lookup, name: ModelName) -> list[Candidate]:
        """Return the prices of the registry and of the package; of the base name of a snapshot that neither knows."""
        registry, bundled = self.registry.find(lookup, name), self.bundled.find(lookup, name)
        found = [one for one in (registry, bundled) if one is not None]
        if registry and bundled and _is_later(bundled, registry):
            found.reverse()
        if found or self._exact:
            return found
        base = self.registry.find_base(lookup, name)
        if base is None:
            base = self.bundled.find_base(lookup, name._replace(models=snapshot_bases(name.models)))
        return [base] if base else []

    def missing_status(self) -> CostStatus:
        """Return the status of a call whose model no source knows."""
        prices = self.registry.list
        if self.bundled.loaded or (prices is not None and prices.loaded):
            return "model_not_in_registry"
        return "registry_not_enabled" if prices is None else "registry_unavailable"

    def current_price(self, project: str, provider: str, model: str) -> Price | CostStatus:
        """Return the price of a plain call now, or the reason why there is none."""
        choices = self.choices(project, provider, model, datetime.now(UTC))
        choice = choices.choose(PLAIN_CALL, count_billed(PLAIN_CALL))
        return choice.price or choice.status

    def quote(
        self, project: str, provider: str, model: str, at: datetime, tokens: Tokens, *variant: str | None
    ) -> tuple[Choice, Decimal | None, Decimal | None]:
        """Return the choice for a call, its list cost and its cost, USD."""
        counts = count_billed(tokens)
        choice = self.choices(project, provider, model, at, *variant).choose(tokens, counts)
        listed = choice.list_cost(tokens, counts)
        return choice, listed, choice.cost(listed)


def _is_later(bundled: Candidate, registry: Candidate) -> bool:
    """Whether the package has a change of a price that is later than the registry's version."""
    changed, stated = bundled.price.since, registry.price.since
    return changed is not None and stated is not None and changed > stated
