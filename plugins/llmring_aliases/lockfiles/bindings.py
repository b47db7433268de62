"""The bindings within a lockfile's document, read and changed in place, be it plain or tomlkit's."""

from collections.abc import Iterator, Mapping, MutableMapping
from datetime import datetime
from typing import Any

import msgspec

OLD_MEMBERS = ("provider", "model", "model_ref")
Tree = MutableMapping[str, Any]


class LockfileError(Exception):
    """A lockfile cannot be read, or cannot be written as it should be; the message says why."""


class Pool(msgspec.Struct, frozen=True):
    """What an alias is bound to: models in order of preference, and the client's constraints, if any."""

    models: tuple[str, ...]
    constraints: dict[str, Any] | None = None

    @property
    def model(self) -> str:
        """The models in the server's notation, separated by commas."""
        return ",".join(self.models)


def split(model: str) -> tuple[str, ...]:
    """Return the models of the server's notation."""
    return tuple(part.strip() for part in model.split(",") if part.strip())


def read(tree: Tree, profile: str) -> dict[str, Pool]:
    """Return what a profile binds; of two entries for one alias the first counts, as for the client.

    Raises:
        LockfileError: the profile is not of any shape that a client has written.
    """
    found: dict[str, Pool] = {}
    for alias, entry in _entries(_table(tree, profile).get("bindings")):
        found.setdefault(alias, _pool(alias, entry))
    return found


def replace(tree: Tree, profile: str, wanted: Mapping[str, Pool], now: datetime) -> None:
    """Make a profile bind exactly `wanted`, touching only what differs, and note when that was."""
    table = tree.setdefault("profiles", {}).setdefault(profile, {"name": profile})
    table = tree["profiles"][profile]  # tomlkit stores a table of its own
    bindings = table.get("bindings")
    if isinstance(bindings, Mapping):
        _replace_mapping(bindings, wanted)
    else:
        _replace_list(table, bindings, wanted)
    if "updated_at" in tree:
        tree["updated_at"] = now.isoformat() if isinstance(tree["updated_at"], str) else now


def _replace_mapping(bindings: Any, wanted: Mapping[str, Pool]) -> None:
    """Change the shape `{alias: model or models}`."""
    for alias in [alias for alias in bindings if alias not in wanted]:
        del bindings[alias]
    for alias, pool in wanted.items():
        if alias not in bindings or _pool(alias, bindings[alias]) != pool:
            bindings[alias] = list(pool.models)


def _replace_list(table: Tree, bindings: Any, wanted: Mapping[str, Pool]) -> None:
    """Change the shape `[{alias, models}, …]`."""
    seen: set[str] = set()
    left = [] if bindings is None else bindings
    for index in reversed(range(len(left))):
        if str(left[index].get("alias")) not in wanted:
            del left[index]
    for entry in left:
        alias = str(entry["alias"])
        if alias not in seen and _pool(alias, entry) != wanted[alias]:
            _set(entry, wanted[alias])
        seen.add(alias)
    added = [_entry(alias, pool) for alias, pool in wanted.items() if alias not in seen]
    if not added and bindings is not None:
        return
    if left and type(left).__name__ == "AoT":
        for new in added:
            left.append(new)
    else:  # the whole list anew: tomlkit makes it an array of tables only then
        table.pop("bindings", None)
        table["bindings"] = [_plain(entry) for entry in left] + added


def _set(entry: Any, pool: Pool) -> None:
    if "provider" in entry and "models" not in entry and len(pool.models) == 1:
        entry["provider"], _, entry["model"] = pool.models[0].partition(":")
    else:
        entry["models"] = list(pool.models)
        for member in OLD_MEMBERS:
            entry.pop(member, None)
    if pool.constraints is not None:
        entry["constraints"] = pool.constraints
    else:
        entry.pop("constraints", None)


def _entry(alias: str, pool: Pool) -> dict[str, Any]:
    entry: dict[str, Any] = {"alias": alias, "models": list(pool.models)}
    return entry if pool.constraints is None else {**entry, "constraints": pool.constraints}


def _table(tree: Tree, profile: str) -> Mapping[str, Any]:
    profiles = tree.get("profiles", {})
    table = profiles.get(profile, {}) if isinstance(profiles, Mapping) else None
    if not isinstance(table, Mapping):
        raise LockfileError("this is no lockfile: `profiles` must hold one table a profile")
    return table


def _entries(bindings: Any) -> Iterator[tuple[str, Any]]:
    if bindings is None:
        return
    if isinstance(bindings, Mapping):
        yield from bindings.items()
        return
    if not isinstance(bindings, list) or not all(isinstance(entry, Mapping) for entry in bindings):
        raise LockfileError("this is no lockfile: `bindings` must be a list of tables")
    for entry in bindings:
        if not isinstance(entry.get("alias"), str):
            raise LockfileError("a binding has no `alias`")
        yield str(entry["alias"]), entry


def _pool(alias: str, entry: Any) -> Pool:
    """Read one binding: `models`, or what older clients wrote."""
    given = _plain(entry)
    if not isinstance(given, Mapping):
        given = {"models": given}
    models = given.get("models") or given.get("model_ref")
    if not models and given.get("model"):
        models = f"{given['provider']}:{given['model']}" if given.get("provider") else given["model"]
    found = split(models) if isinstance(models, str) else tuple(str(model) for model in models or ())
    if not found:
        raise LockfileError(f"alias {alias!r} is bound to no model")
    return Pool(found, given.get("constraints") or None)


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value
