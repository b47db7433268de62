"""Filters of calls in a page's address: shown as chips that remove one each, and kept by its links. Pure functions."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from llmring_server.contracts.usage_filters import CallFilter
from llmring_server.http.query import encode_query

# The label of each filter; those of the range of time have fields of their own on every page.
LABELS = {
    "model": "Model",
    "alias": "Alias",
    "provider": "Provider",
    "profile": "Profile",
    "origin": "Origin",
    "status": "Status",
    "cost_status": "Cost status",
    "service_tier": "Service tier",
    "id_at_origin": "Conversation ID",
    "operation_id": "Operation",
    "key_id": "Key",
    "min_cost": "Min cost (USD)",
    "min_latency_ms": "Min latency (ms)",
}
COMMON = ("model", "alias", "provider", "profile", "origin")
CHOICES = {"status": ("success", "error", "aborted"), "cost_status": ("priced", "estimated", "unpriced")}
FURTHER = tuple(name for name in LABELS if name not in (*COMMON, *CHOICES))


class Chip(NamedTuple):
    """An active filter: its label, its value, its parameter, and the address without it, from the `?`."""

    label: str
    value: str
    name: str
    remove: str


class FilterForm:
    """The fields of a form of filters, each with its first value; `hidden` are tags, and further values."""

    def __init__(self, chips: Iterable[Chip]) -> None:
        self.values = dict.fromkeys(LABELS, "")
        self.hidden: list[tuple[str, str]] = []
        for chip in chips:
            if self.values.get(chip.name) == "":
                self.values[chip.name] = chip.value
            else:
                self.hidden.append((chip.name, chip.value))

    @property
    def common(self) -> list[tuple[str, str, str]]:
        """Name, label and value of the most used fields."""
        return [(name, LABELS[name], self.values[name]) for name in COMMON]

    @property
    def further(self) -> list[tuple[str, str, str]]:
        """Name, label and value of the other fields."""
        return [(name, LABELS[name], self.values[name]) for name in FURTHER]

    @property
    def choices(self) -> list[tuple[str, str, list[tuple[str, str]], str]]:
        """Name, label, options and value of the fields with few values."""
        return [
            (name, LABELS[name], [("", "Any"), *((one, one) for one in dict.fromkeys((*known, value)) if one)], value)
            for name, known in CHOICES.items()
            for value in (self.values[name],)
        ]


def filter_of(query: CallFilter) -> CallFilter:
    """Return the filter of a query that has more parameters."""
    return CallFilter(**{name: getattr(query, name) for name in CallFilter.__struct_fields__})


def build_address(chosen: CallFilter, **changes: Any) -> str:
    """Return the query string of a filter with some fields changed, from the `?`."""
    given = encode_query(msgspec.structs.replace(chosen, **changes))
    return f"?{given}" if given else ""


def list_chips(query: CallFilter) -> list[Chip]:
    """Return a chip for each value of a query's filters; the address without it keeps the query's other parameters."""
    found = []
    for name, value, changes in _values(query):
        without = encode_query(msgspec.structs.replace(query, **changes))
        found.append(Chip(LABELS.get(name, name), value, name, f"?{without}" if without else "?"))
    return found


def _values(query: CallFilter) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield parameter, value, and the changes that remove it, for each value of the filters."""
    for name in LABELS:
        value = getattr(query, name)
        if isinstance(value, tuple):
            for one in value:
                yield name, one, {name: tuple(other for other in value if other != one)}
        elif value is not None:
            yield name, format(value, "f"), {name: None}
    for tag, values in query.tags.items():
        for one in values:
            left = {tag: tuple(other for other in values if other != one)}
            rest = {key: kept for key, kept in {**query.tags, **left}.items() if kept}
            yield f"tag.{tag}", one, {"tags": rest}
