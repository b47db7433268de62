"""Models for display, and the differences between two entries; upstream's fields are not validated."""

from collections.abc import Mapping
from typing import Any

import msgspec

from llmring_registry.models import Provider
from llmring_server.contracts import Price
from llmring_server.contracts.registry import CatalogModel, ModelChange

MAX_TEXT = 256

_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


def describe(key: str, provider: Provider, price: Price, capabilities: frozenset[str]) -> CatalogModel:
    """Return a model for display; a malformed field is omitted."""
    entry = {name: _decode_value(raw) for name, raw in decode_fields(provider.models[key]).items()}
    active, aliases = entry.get("is_active"), entry.get("model_aliases")
    return CatalogModel(
        key=key,
        provider=provider.name,
        price=price,
        active=active if isinstance(active, bool) else None,
        deprecated=_valid_text(entry.get("deprecated_date")),
        display_name=_valid_text(entry.get("display_name")),
        max_input_tokens=_valid_count(entry.get("max_input_tokens")),
        max_output_tokens=_valid_count(entry.get("max_output_tokens")),
        capabilities=tuple(sorted(capabilities)),
        aliases=tuple(filter(None, map(_valid_text, aliases))) if isinstance(aliases, list) else (),
    )


def decode_fields(entry: msgspec.Raw) -> Mapping[str, msgspec.Raw]:
    """Return the fields of an entry; one that is not an object becomes a single field `entry`."""
    try:
        return _decoder.decode(entry)
    except (msgspec.MsgspecError, RecursionError):
        return {"entry": entry}


def compare_entries(
    before: CatalogModel, old: msgspec.Raw, after: CatalogModel, new: msgspec.Raw
) -> ModelChange | None:
    """Return the changed fields between two entries of a model, or None; 2.5 and 2.50 are equal."""
    was, now = decode_fields(old), decode_fields(new)
    fields = [
        (name, _decode_text(was.get(name)), _decode_text(now.get(name)))
        for name in sorted({*was, *now})
        if name not in was or name not in now or _decode_value(was[name]) != _decode_value(now[name])
    ]
    return ModelChange(before, after, fields) if fields else None


def _decode_value(raw: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        return bytes(raw)


def _decode_text(raw: msgspec.Raw | None) -> str | None:
    return None if raw is None else bytes(raw).decode()


def _valid_text(value: object) -> str | None:
    return value[:MAX_TEXT] if isinstance(value, str) and value else None


def _valid_count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
