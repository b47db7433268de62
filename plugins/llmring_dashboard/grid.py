"""Profiles side by side: a project's aliases as a grid of names and profiles, with what differs. Pure functions."""

from collections.abc import Sequence

import msgspec

from llmring_server.contracts.aliases import BoundAlias

MAX_CELLS = 1_000


class Row(msgspec.Struct, frozen=True):
    """One alias in each profile, in the grid's order; None where it is not bound. `differs` when not all are alike."""

    alias: str
    cells: Sequence[BoundAlias | None]
    differs: bool


class Grid(msgspec.Struct, frozen=True):
    """Aliases by profile; `left_out` counts the rows behind those that `MAX_CELLS` cells hold."""

    profiles: Sequence[str]
    rows: Sequence[Row]
    left_out: int


def grid_of(bindings: Sequence[BoundAlias], wanted: str = "", *, only_different: bool = False) -> Grid:
    """Return the grid of those aliases whose name or model has `wanted` in it; `default` is the first profile."""
    profiles = sorted({one.profile for one in bindings}, key=lambda name: (name != "default", name))
    found = {(one.alias, one.profile): one for one in bindings}
    rows = [_row(alias, [found.get((alias, profile)) for profile in profiles]) for alias in _names(bindings)]
    rows = [row for row in rows if _has(row, wanted) and (row.differs or not only_different)]
    shown = rows[: max(1, MAX_CELLS // max(1, len(profiles)))]
    return Grid(profiles, shown, len(rows) - len(shown))


def _names(bindings: Sequence[BoundAlias]) -> list[str]:
    return sorted({one.alias for one in bindings})


def _row(alias: str, cells: Sequence[BoundAlias | None]) -> Row:
    return Row(alias, cells, len({cell.model if cell else None for cell in cells}) > 1)


def _has(row: Row, wanted: str) -> bool:
    texts = (row.alias, *(cell.model for cell in row.cells if cell))
    return any(wanted.casefold() in text.casefold() for text in texts)
