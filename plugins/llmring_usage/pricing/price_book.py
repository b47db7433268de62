"""The price book: prices from the registry, and quotes by the deployment's calculator."""

import functools
from collections.abc import Callable
from decimal import Decimal

from llmring_server.contracts import Price, PriceList
from llmring_usage.pricing.calculators import Calculator, CostStatus, Quote, cost_of, quote
from llmring_usage.pricing.tokens import Tokens


class UsagePriceBook:
    """Looks prices up in the registry's list; `prices` returns that list, or None while the registry is not enabled.

    `prices` is called on first use, so that the conf file may list the plugins in any order.
    """

    def __init__(self, prices: Callable[[], PriceList | None], calculator: Calculator) -> None:
        self._get_prices = prices
        self._calculator = calculator

    @functools.cached_property
    def _prices(self) -> PriceList | None:
        return self._get_prices()

    async def refresh(self) -> None:
        """Load today's prices, if the registry is enabled."""
        if self._prices is not None:
            await self._prices.refresh()

    def find(self, provider: str, model: str) -> Price | CostStatus:
        """Return a model's price, or the reason why there is none."""
        prices = self._prices
        if prices is None:
            return "registry_not_enabled"
        found = prices.find(provider, model)
        if found is None:
            return "model_not_in_registry" if prices.loaded else "registry_unavailable"
        return found

    def quote(self, provider: str, model: str, tokens: Tokens) -> Quote:
        """Price a call at today's rates, or return the reason why that is not possible."""
        price = self.find(provider, model)
        return Quote(price) if isinstance(price, str) else quote(tokens, price, self._calculator)

    def cost_of(self, tokens: Tokens, price: Price | None) -> Decimal | None:
        """Return the cost of a call in USD; None without a price, or without an input or output rate."""
        return None if price is None else cost_of(tokens, price, self._calculator)
