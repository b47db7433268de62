"""The aliases of a project as a grid: one row per alias, one column per profile. Pure functions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from llmring_server.contracts.aliases import BoundAlias

MAX_CELLS = 1_000
MAX_PROFILES = 20
MAX_OFFERED = 500

Bound = Mapping[str, BoundAlias]  # the bindings of one alias by profile


class Row(msgspec.Struct, frozen=True):
    """An alias in each profile, in the order of the columns; None if not bound. `differs` unless all are the same."""

    alias: str
    cells: Sequence[BoundAlias | None]
    differs: bool


class Grid(msgspec.Struct, frozen=True):
    """Aliases by profile; `left_out` is the number of rows beyond `MAX_CELLS` cells.

    `others` is the number of profiles without a column; `offered` are the first `MAX_OFFERED` profile names.
    """

    profiles: Sequence[str]
    rows: Sequence[Row]
    left_out: int
    others: int
    offered: Sequence[str]


def grid_of(
    bindings: Sequence[BoundAlias], wanted: str = "", *, profile: str = "", only_different: bool = False
) -> Grid:
    """Return the aliases with `wanted` in the name or a model, in at most `MAX_PROFILES` columns.

    `default` is the first profile. With a `profile`, that is the only column, and the rows are the aliases bound in it;
    `differs` still compares all profiles.
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
