"""The contract of a source of prices, and a lookup: one model, at one time, under the conditions of a call."""

from datetime import datetime
from typing import NamedTuple, Protocol

from llmring_usage.prices.names import ModelName
from llmring_usage.pricing.choice import Candidate
from llmring_usage.pricing.variants import STANDARD_VARIANT, Variant


class Lookup(NamedTuple):
    """What a source is asked for: a project's call of a model, the time of the call (UTC), and its conditions."""

    project: str
    provider: str
    model: str
    at: datetime
    variant: Variant = STANDARD_VARIANT


class Source(Protocol):
    """A source of prices in memory; a lookup never waits for I/O."""

    def find(self, lookup: Lookup, name: ModelName) -> Candidate | None:
        """Return the source's price under any of the names, or None for an unknown model."""
        ...


def unmet_notes(variant: Variant) -> tuple[str, ...]:
    """Return the notes of a price that knows none of the conditions of a call."""
    return tuple(f"{name} {value} priced as standard" for name, value in variant.conditions.items())
