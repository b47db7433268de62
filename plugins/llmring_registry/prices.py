"""Prices in the registry, in USD per million tokens: decoded as Decimal, never as float."""

import logging
from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from llmring_registry.models import Provider
from llmring_server.contracts import Price

log = logging.getLogger("llmring_server.registry")

D = "dollars_per_million_tokens_"
MAX_DOLLARS = Decimal(1_000_000)
MAX_DECIMALS = 18
NAMED_IN_A_WARNING = 5


class Entry(msgspec.Struct, frozen=True):
    """The fields of a model's entry that pricing needs."""

    input: Decimal | None = msgspec.field(default=None, name=f"{D}input")
    output: Decimal | None = msgspec.field(default=None, name=f"{D}output")
    cached_input: Decimal | None = msgspec.field(default=None, name=f"{D}cached_input")
    cache_read: Decimal | None = msgspec.field(default=None, name=f"{D}cache_read")
    cache_write_5m: Decimal | None = msgspec.field(default=None, name=f"{D}cache_write_5m")
    cache_write_1h: Decimal | None = msgspec.field(default=None, name=f"{D}cache_write_1h")
    output_thinking: Decimal | None = msgspec.field(default=None, name=f"{D}output_thinking")
    input_long_context: Decimal | None = msgspec.field(default=None, name=f"{D}input_long_context")
    output_long_context: Decimal | None = msgspec.field(default=None, name=f"{D}output_long_context")
    supports_long_context_pricing: bool | None = None
    long_context_threshold_tokens: int | None = None
    model_aliases: list[str] | None = None


RATES = ("input", "output", "cached_input", "cache_read", "cache_write_5m", "cache_write_1h", "output_thinking")
LONG_RATES = ("input_long_context", "output_long_context")
_decoder = msgspec.json.Decoder(Entry)


class PriceBook:
    """All prices of a registry copy, found in constant time."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._prices: dict[str, Price] = {}
        for provider in providers:
            self._prices.update(read_prices(provider))

    def find(self, provider: str, model: str) -> Price | None:
        """Return the price of `provider:model`, or None if no key and no alias of the provider matches.

        A model without valid prices is found too, with no rates.
        """
        found = self._prices.get(f"{provider}:{model}")
        if found is None and model.startswith(f"{provider}:"):
            return self._prices.get(model)
        return found

    def of(self, key: str) -> Price:
        """Return the price of a key in the copy."""
        return self._prices[key]

    def __len__(self) -> int:
        return len(self._prices)


def read_prices(provider: Provider) -> dict[str, Price]:
    """Return a provider's prices by `provider:name`, for keys and aliases; invalid prices are logged.

    Exact keys take precedence over bare ones, bare ones over aliases, the first alias over a second of that name.
    """
    faults: list[str] = []
    found: dict[str, Price] = {}
    aliases: list[tuple[str, Price]] = []
    for key in sorted(provider.models, key=provider.bare.__contains__):
        entry = _read_entry(key, provider.models[key], faults)
        found[key] = _price(key, provider, entry, faults)
        aliases += [(f"{provider.name}:{_bare(provider, alias)}", found[key]) for alias in entry.model_aliases or ()]
    for name, price in aliases:
        taken = found.setdefault(name, price)
        if taken is not price and taken.priced_as != name and not _same_rates(taken, price):
            faults.append(f"{name} (an alias of {taken.priced_as}, not of {price.priced_as} too)")
    _warn(provider, faults)
    return found


def _read_entry(key: str, raw: msgspec.Raw, faults: list[str]) -> Entry:
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        faults.append(f"{key} ({error})")
        return Entry()


def _price(key: str, provider: Provider, entry: Entry, faults: list[str]) -> Price:
    rates = {name: _dollars(key, name, entry, faults) for name in (*RATES, *LONG_RATES)}
    threshold = entry.long_context_threshold_tokens
    tier = bool(entry.supports_long_context_pricing and threshold and threshold > 0)
    return Price(
        priced_as=key,
        registry_version=provider.label,
        long_context_threshold=threshold if tier else None,
        input_long_context=rates["input_long_context"] if tier else None,
        output_long_context=rates["output_long_context"] if tier else None,
        **{name: rates[name] for name in RATES},
    )


def _dollars(key: str, name: str, entry: Entry, faults: list[str]) -> Decimal | None:
    """Return a rate, or None for an invalid one: NaN, negative, too large, or with too many decimals."""
    value: Decimal | None = getattr(entry, name)
    if value is None:
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -MAX_DECIMALS and 0 <= value <= MAX_DOLLARS:
        return abs(value)
    faults.append(f"{key} ({name} is {value})")
    return None


def _bare(provider: Provider, alias: str) -> str:
    return alias.removeprefix(f"{provider.name}:")


def _same_rates(one: Price, other: Price) -> bool:
    return msgspec.structs.replace(one, priced_as=other.priced_as) == other


def _warn(provider: Provider, faults: Sequence[str]) -> None:
    if faults:
        named = "; ".join(fault[:200] for fault in faults[:NAMED_IN_A_WARNING])
        more = f" and {len(faults) - NAMED_IN_A_WARNING} more" if len(faults) > NAMED_IN_A_WARNING else ""
        log.warning("registry %s: invalid prices are ignored: %s%s", provider.label, named, more)
