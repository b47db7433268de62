"""The aliases of a project as a grid: one row per alias, one column per profile. Pure functions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from llmring_server.contracts.aliases import BoundAlias

MAX_CELLS = 1_000
MAX_PROFILES = 20
MAX_CHOICES = 500

ProfileBindings = Mapping[str, BoundAlias]  # the bindings of one alias by profile


class AliasRow(msgspec.Struct, frozen=True):
    """An alias in each profile, in the order of the columns; None if not bound. `differs` unless all are the same."""

    alias: str
    cells: Sequence[BoundAlias | None]
    differs: bool


class AliasGrid(msgspec.Struct, frozen=True):
    """Aliases by profile; `hidden_rows` is the number of rows beyond `MAX_CELLS` cells.

    `hidden_profiles` is the number of profiles without a column; `profile_choices` are the first `MAX_CHOICES` names.
    """

    profiles: Sequence[str]
    rows: Sequence[AliasRow]
    hidden_rows: int
    hidden_profiles: int
    profile_choices: Sequence[str]


def build_grid(
    bindings: Sequence[BoundAlias], search: str = "", *, profile: str = "", only_different: bool = False
) -> AliasGrid:
    """Return the aliases with `search` in the name or a model, in at most `MAX_PROFILES` columns.

    `default` is the first profile. With a `profile`, that is the only column, and the rows are the aliases bound in it;
    `differs` still compares all profiles.
    """
    profiles = sorted({binding.profile for binding in bindings}, key=lambda name: (name != "default", name))
    columns = [profile] if profile else profiles[:MAX_PROFILES]
    needle = search.casefold()
    matching = [
        (alias, bound)
        for alias, bound in sorted(_group_by_alias(bindings).items())
        if (not profile or profile in bound)
        and _matches(alias, bound, needle)
        and (not only_different or _differs(bound, len(profiles)))
    ]
    shown = matching[: MAX_CELLS // max(1, len(columns))]
    rows = [
        AliasRow(alias, [bound.get(name) for name in columns], _differs(bound, len(profiles))) for alias, bound in shown
    ]
    return AliasGrid(
        columns, rows, len(matching) - len(rows), len(set(profiles).difference(columns)), profiles[:MAX_CHOICES]
    )


def _group_by_alias(bindings: Sequence[BoundAlias]) -> Mapping[str, ProfileBindings]:
    found: defaultdict[str, dict[str, BoundAlias]] = defaultdict(dict)
    for binding in bindings:
        found[binding.alias][binding.profile] = binding
    return found


def _differs(bound: ProfileBindings, profiles: int) -> bool:
    return len(bound) < profiles or len({binding.model for binding in bound.values()}) > 1


def _matches(alias: str, bound: ProfileBindings, needle: str) -> bool:
    return any(needle in text.casefold() for text in (alias, *(binding.model for binding in bound.values())))
