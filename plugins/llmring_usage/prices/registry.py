"""The llmring registry as a source: the version that was in force when the call happened."""

from typing import Literal

import msgspec

from llmring_server.contracts import Price, PriceList
from llmring_usage.prices.names import ModelName, snapshot_bases
from llmring_usage.prices.source import Lookup, unmet_notes
from llmring_usage.pricing.choice import Candidate


class RegistryPrices:
    """The registry's `list` of prices, None while the registry is not enabled."""

    def __init__(self) -> None:
        self.list: PriceList | None = None

    def find(self, lookup: Lookup, name: ModelName) -> Candidate | None:
        """Return the price of a model."""
        return self._find(lookup, name, ((lookup.provider, lookup.model), *_names(name)))

    def find_base(self, lookup: Lookup, name: ModelName) -> Candidate | None:
        """Return the price of the model that a name is a dated snapshot of: an estimate."""
        found = self._find(lookup, name, _names(name._replace(models=snapshot_bases(name.models))))
        if found is None:
            return None
        price = msgspec.structs.replace(found.price, matched="pattern")
        note = f"{lookup.model} priced as {price.priced_as.partition(':')[2]}"
        return msgspec.structs.replace(found, price=price, notes=(note, *found.notes))

    def _find(self, lookup: Lookup, name: ModelName, names: tuple[tuple[str, str], ...]) -> Candidate | None:
        prices = self.list
        if prices is None:
            return None
        for provider, model in names:
            price = prices.find(provider, model, lookup.at)
            if price is not None:
                return _candidate(lookup, price, (provider, model))
        return None


def _names(name: ModelName) -> tuple[tuple[str, str], ...]:
    return tuple((name.provider, model) for model in name.models)


def _candidate(lookup: Lookup, price: Price, key: tuple[str, str]) -> Candidate:
    matched: Literal["exact", "alias"] = "exact" if price.priced_as in (":".join(key), key[1]) else "alias"
    notes = unmet_notes(lookup.variant)
    later = price.since is not None and lookup.at < price.since
    if price.since is not None and later:
        notes = (f"priced as of {price.since:%Y-%m-%d}, after the call", *notes)
    return Candidate(
        price=msgspec.structs.replace(price, matched=matched) if matched != price.matched else price,
        notes=notes,
        start=None if later else price.since,
        end=price.since if later else price.until,
    )
