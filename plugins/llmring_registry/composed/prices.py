"""Prices in the registry, in USD per million tokens: decoded as Decimal, never as float."""

import logging
from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from llmring_registry.models import Provider
from llmring_server.contracts import Price

log = logging.getLogger("llmring_server.registry")

PREFIX = "dollars_per_million_tokens_"
MAX_DOLLARS = Decimal(1_000_000)
MAX_DECIMALS = 18
MAX_LOGGED_ERRORS = 5


class Entry(msgspec.Struct, frozen=True):
    """The fields of a model's entry that pricing needs."""

    input: Decimal | None = msgspec.field(default=None, name=f"{PREFIX}input")
    output: Decimal | None = msgspec.field(default=None, name=f"{PREFIX}output")
    cached_input: Decimal | None = msgspec.field(default=None, name=f"{PREFIX}cached_input")
    cache_read: Decimal | None = msgspec.field(default=None, name=f"{PREFIX}cache_read")
    cache_write_5m: Decimal | None = msgspec.field(default=None, name=f"{PREFIX}cache_write_5m")
    cache_write_1h: Decimal | None = msgspec.field(default=None, name=f"{PREFIX}cache_write_1h")
    output_thinking: Decimal | None = msgspec.field(default=None, name=f"{PREFIX}output_thinking")
    input_long_context: Decimal | None = msgspec.field(default=None, name=f"{PREFIX}input_long_context")
    output_long_context: Decimal | None = msgspec.field(default=None, name=f"{PREFIX}output_long_context")
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

    def get(self, key: str) -> Price:
        """Return the price of a key in the copy."""
        return self._prices[key]

    def __len__(self) -> int:
        return len(self._prices)


def read_prices(provider: Provider) -> dict[str, Price]:
    """Return a provider's prices by `provider:name`, for keys and aliases; invalid prices are logged.

    Exact keys take precedence over bare ones, bare ones over aliases, the first alias over a second of that name.
    """
    errors: list[str] = []
    found: dict[str, Price] = {}
    aliases: list[tuple[str, Price]] = []
    for key in sorted(provider.models, key=provider.bare.__contains__):
        entry = _read_entry(key, provider.models[key], errors)
        found[key] = _build_price(key, provider, entry, errors)
        aliases += [
            (f"{provider.name}:{_strip_provider(provider, alias)}", found[key]) for alias in entry.model_aliases or ()
        ]
    for name, price in aliases:
        taken = found.setdefault(name, price)
        if taken is not price and taken.priced_as != name and not _same_rates(taken, price):
            errors.append(f"{name} (an alias of {taken.priced_as}, not of {price.priced_as} too)")
    _log_errors(provider, errors)
    return found


def _read_entry(key: str, raw: msgspec.Raw, errors: list[str]) -> Entry:
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        errors.append(f"{key} ({error})")
        return Entry()


def _build_price(key: str, provider: Provider, entry: Entry, errors: list[str]) -> Price:
    rates = {name: _valid_rate(key, name, entry, errors) for name in (*RATES, *LONG_RATES)}
    threshold = entry.long_context_threshold_tokens
    tier = bool(entry.supports_long_context_pricing and threshold and threshold > 0)
    return Price(
        priced_as=key,
        registry_version=provider.label,
        since=provider.updated_at,
        long_context_threshold=threshold if tier else None,
        input_long_context=rates["input_long_context"] if tier else None,
        output_long_context=rates["output_long_context"] if tier else None,
        input=rates["input"],
        output=rates["output"],
        cached_input=rates["cached_input"],
        cache_read=rates["cache_read"],
        cache_write_5m=rates["cache_write_5m"],
        cache_write_1h=rates["cache_write_1h"],
        output_thinking=rates["output_thinking"],
    )


def _valid_rate(key: str, name: str, entry: Entry, errors: list[str]) -> Decimal | None:
    """Return a rate, or None for an invalid one: NaN, negative, too large, or with too many decimals."""
    value: Decimal | None = getattr(entry, name)
    if value is None:
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -MAX_DECIMALS and 0 <= value <= MAX_DOLLARS:
        return abs(value)
    errors.append(f"{key} ({name} is {value})")
    return None


def _strip_provider(provider: Provider, alias: str) -> str:
    return alias.removeprefix(f"{provider.name}:")


def _same_rates(one: Price, other: Price) -> bool:
    return msgspec.structs.replace(one, priced_as=other.priced_as) == other


def _log_errors(provider: Provider, errors: Sequence[str]) -> None:
    if errors:
        named = "; ".join(error[:200] for error in errors[:MAX_LOGGED_ERRORS])
        more = f" and {len(errors) - MAX_LOGGED_ERRORS} more" if len(errors) > MAX_LOGGED_ERRORS else ""
        log.warning("registry %s: invalid prices are ignored: %s%s", provider.label, named, more)
