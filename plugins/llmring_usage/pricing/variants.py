"""Variants: the conditions of a call that change its rates, as providers report them. Pure functions."""

from typing import NamedTuple

# Tiers that bill the standard rates: `auto` is only a request, `on_demand` is Groq's name of its default.
STANDARD = frozenset({"", "auto", "default", "standard", "on_demand", "standard_only"})
BATCH = "batch"


class Variant(NamedTuple):
    """The conditions of a call: None is the standard one."""

    service_tier: str | None = None
    processing: str | None = None
    speed: str | None = None

    @property
    def conditions(self) -> dict[str, str]:
        """The conditions that are not standard, by name."""
        return {name: value for name, value in zip(self._fields, self, strict=True) if value is not None}


STANDARD_VARIANT = Variant()


def variant_of(service_tier: str | None, processing: str | None = None, speed: str | None = None) -> Variant:
    """Return the variant of a call; a service tier `batch`, as Anthropic reports it, is the processing."""
    tier, process, pace = (_normalize(value) for value in (service_tier, processing, speed))
    return Variant(None, BATCH, pace) if tier == BATCH else Variant(tier, process, pace)


def _normalize(value: str | None) -> str | None:
    if value is None:
        return None
    found = value.strip().lower()
    return None if found in STANDARD else found
