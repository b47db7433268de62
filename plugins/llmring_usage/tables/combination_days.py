"""The days whose calls are completely summed by combination, and since when each configured tag is summed."""

from collections.abc import Iterable
from datetime import date

import msgspec

from llmring_usage.tables.state import COMBINATIONS, UsageState

EVER = date(1900, 1, 1)


class CombinationDays(msgspec.Struct, frozen=True):
    """The first day of complete sums by combination, and of those by each tag; days of the reporting zone."""

    first: date
    tags: dict[str, date] = {}

    def since(self, tags: Iterable[str]) -> date | None:
        """Return the first day whose sums answer a question about these tags; None if one of them has no sums."""
        found = [self.first]
        for tag in tags:
            if tag not in self.tags:
                return None
            found.append(self.tags[tag])
        return max(found)


async def read_combination_days(state: UsageState) -> CombinationDays | None:
    """Return the stored days, or None before anything was summed by combination."""
    stored = await state.get(COMBINATIONS)
    return msgspec.json.decode(stored, type=CombinationDays) if stored else None


async def write_combination_days(state: UsageState, days: CombinationDays) -> None:
    """Store the days."""
    await state.set(COMBINATIONS, msgspec.json.encode(days).decode())
