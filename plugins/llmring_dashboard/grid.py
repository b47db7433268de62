"""Profiles side by side: a project's aliases as a grid of names and profiles, with what differs. Pure functions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from llmring_server.contracts.aliases import BoundAlias

MAX_CELLS = 1_000
MAX_PROFILES = 20
MAX_OFFERED = 500

Bound = Mapping[str, BoundAlias]  # one alias: what it is in each profile that binds it


class Row(msgspec.Struct, frozen=True):
    """One alias in each profile, in the grid's order; None where it is not bound. `differs` when not all are alike."""

    alias: str
    cells: Sequence[BoundAlias | None]
    differs: bool


class Grid(msgspec.Struct, frozen=True):
    """Aliases by profile; `left_out` counts the rows behind those that `MAX_CELLS` cells hold.

    `others` counts the profiles that have no column; `offered` names profiles to choose from, `MAX_OFFERED` at most.
    """

    profiles: Sequence[str]
    rows: Sequence[Row]
    left_out: int
    others: int
    offered: Sequence[str]


def grid_of(
    bindings: Sequence[BoundAlias], wanted: str = "", *, profile: str = "", only_different: bool = False
) -> Grid:
    """Return the grid of those aliases whose name or model has `wanted` in it, in `MAX_PROFILES` columns at most.

    `default` is the first profile. With a `profile`, that is the only column, and rows are the aliases that it binds;
    whether an alias differs is said of all profiles all the same.
    """
    every = sorted({one.profile for one in bindings}, key=lambda name: (name != "default", name))
    columns = [profile] if profile else every[:MAX_PROFILES]
    folded = wanted.casefold()
    fitting = [
        (alias, bound)
        for alias, bound in sorted(_by_alias(bindings).items())
        if (not profile or profile in bound)
        and _has(alias, bound, folded)
        and (not only_different or _differs(bound, len(every)))
    ]
    shown = fitting[: MAX_CELLS // max(1, len(columns))]
    rows = [Row(alias, [bound.get(name) for name in columns], _differs(bound, len(every))) for alias, bound in shown]
    return Grid(columns, rows, len(fitting) - len(rows), len(set(every).difference(columns)), every[:MAX_OFFERED])


def _by_alias(bindings: Sequence[BoundAlias]) -> Mapping[str, Bound]:
    found: defaultdict[str, dict[str, BoundAlias]] = defaultdict(dict)
    for one in bindings:
        found[one.alias][one.profile] = one
    return found


def _differs(bound: Bound, profiles: int) -> bool:
    return len(bound) < profiles or len({one.model for one in bound.values()}) > 1


def _has(alias: str, bound: Bound, folded: str) -> bool:
    return any(folded in text.casefold() for text in (alias, *(one.model for one in bound.values())))
