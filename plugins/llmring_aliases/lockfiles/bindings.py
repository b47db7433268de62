"""Read and change the bindings in a lockfile's document in place; works on plain and on tomlkit containers."""

from collections.abc import Iterator, Mapping, MutableMapping
from datetime import datetime
from typing import Any

import msgspec

OLD_FIELDS = ("provider", "model", "model_ref")
Tree = MutableMapping[str, Any]


class LockfileError(Exception):
    """A lockfile cannot be read or written; the message gives the reason."""


class BoundModels(msgspec.Struct, frozen=True):
    """The models that an alias is bound to, in order of preference, and the client's constraints, if any."""

    models: tuple[str, ...]
    constraints: dict[str, Any] | None = None

    @property
    def model(self) -> str:
        """The models in the server's notation, separated by commas."""
        return ",".join(self.models)


def split_models(model: str) -> tuple[str, ...]:
    """Return the models of a text in the server's notation."""
    return tuple(part.strip() for part in model.split(",") if part.strip())


def read_bindings(tree: Tree, profile: str) -> dict[str, BoundModels]:
    """Return the bindings of a profile; the first of two entries for one alias wins, as in the client.

    Raises:
        LockfileError: the profile has a format that no client writes.
    """
    found: dict[str, BoundModels] = {}
    for alias, entry in _iter_entries(_profile_table(tree, profile).get("bindings")):
        found.setdefault(alias, _parse_models(alias, entry))
    return found


def replace_bindings(tree: Tree, profile: str, wanted: Mapping[str, BoundModels], now: datetime) -> None:
    """Replace the bindings of a profile, changing only entries that differ, and set `updated_at`."""
    table = tree.setdefault("profiles", {}).setdefault(profile, {"name": profile})
    table = tree["profiles"][profile]  # tomlkit stores a copy
    bindings = table.get("bindings")
    if isinstance(bindings, Mapping):
        _replace_mapping(bindings, wanted)
    else:
        _replace_list(table, bindings, wanted)
    if "updated_at" in tree:
        tree["updated_at"] = now.isoformat() if isinstance(tree["updated_at"], str) else now


def _replace_mapping(bindings: Any, wanted: Mapping[str, BoundModels]) -> None:
    """Replace bindings in the format `{alias: model or models}`."""
    for alias in [alias for alias in bindings if alias not in wanted]:
        del bindings[alias]
    for alias, models in wanted.items():
        if alias not in bindings or _parse_models(alias, bindings[alias]) != models:
            bindings[alias] = list(models.models)


def _replace_list(table: Tree, bindings: Any, wanted: Mapping[str, BoundModels]) -> None:
    """Replace bindings in the format `[{alias, models}, …]`."""
    seen: set[str] = set()
    left = [] if bindings is None else bindings
    for index in reversed(range(len(left))):
        if str(left[index].get("alias")) not in wanted:
            del left[index]
    for entry in left:
        alias = str(entry["alias"])
        if alias not in seen and _parse_models(alias, entry) != wanted[alias]:
            _update_entry(entry, wanted[alias])
        seen.add(alias)
    added = [_new_entry(alias, models) for alias, models in wanted.items() if alias not in seen]
    if not added and bindings is not None:
        return
    if left and type(left).__name__ == "AoT":
        for new in added:
            left.append(new)
    else:  # the whole list again: only then does tomlkit make it an array of tables
        table.pop("bindings", None)
        table["bindings"] = [_unwrap(entry) for entry in left] + added


def _update_entry(entry: Any, models: BoundModels) -> None:
    if "provider" in entry and "models" not in entry and len(models.models) == 1:
        entry["provider"], _, entry["model"] = models.models[0].partition(":")
    else:
        entry["models"] = list(models.models)
        for field in OLD_FIELDS:
            entry.pop(field, None)
    if models.constraints is not None:
        entry["constraints"] = models.constraints
    else:
        entry.pop("constraints", None)


def _new_entry(alias: str, models: BoundModels) -> dict[str, Any]:
    entry: dict[str, Any] = {"alias": alias, "models": list(models.models)}
    return entry if models.constraints is None else {**entry, "constraints": models.constraints}


def _profile_table(tree: Tree, profile: str) -> Mapping[str, Any]:
    profiles = tree.get("profiles", {})
    table = profiles.get(profile, {}) if isinstance(profiles, Mapping) else None
    if not isinstance(table, Mapping):
        raise LockfileError("This is not a lockfile: `profiles` must contain one table per profile.")
    return table


def _iter_entries(bindings: Any) -> Iterator[tuple[str, Any]]:
    if bindings is None:
        return
    if isinstance(bindings, Mapping):
        yield from bindings.items()
        return
    if not isinstance(bindings, list) or not all(isinstance(entry, Mapping) for entry in bindings):
        raise LockfileError("This is not a lockfile: `bindings` must be a list of tables.")
    for entry in bindings:
        if not isinstance(entry.get("alias"), str):
            raise LockfileError("A binding has no `alias`.")
        yield str(entry["alias"]), entry


def _parse_models(alias: str, entry: Any) -> BoundModels:
    """Parse one binding: `models`, or the fields of older clients."""
    given = _unwrap(entry)
    if not isinstance(given, Mapping):
        given = {"models": given}
    models = given.get("models") or given.get("model_ref")
    if not models and given.get("model"):
        models = f"{given['provider']}:{given['model']}" if given.get("provider") else given["model"]
    found = split_models(models) if isinstance(models, str) else tuple(str(model) for model in models or ())
    if not found:
        raise LockfileError(f"Alias {alias!r} is not bound to a model.")
    return BoundModels(found, given.get("constraints") or None)


def _unwrap(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value
