"""The totals of a statement's lines, by model and currency, exact. Pure."""

from decimal import Decimal
from typing import Any

from llmring_receipts.statements.formats.lines import EXACT, StatementLine, format_money

COUNTS = ("calls", "corrections", "unpriced", "input_tokens", "output_tokens", "cached_input_tokens", "estimated")
NOT_IN_FIRST = ("estimated",)


class ModelTotal:
    """The totals of one model in one currency; a correction adds its amount and no tokens."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(COUNTS, 0)
        self.amount = Decimal(0)

    def add(self, line: StatementLine) -> None:
        """Add a line."""
        self.amount = EXACT.add(self.amount, Decimal(line.amount))
        if line.kind == "correction":
            self.counts["corrections"] += 1
            return
        self.counts["calls"] += 1
        self.counts["unpriced"] += not line.cost
        self.counts["estimated"] += line.cost_status == "estimated"
        for name in ("input_tokens", "output_tokens", "cached_input_tokens"):
            self.counts[name] += int(getattr(line, name))


class Totals:
    """The totals of all lines by `provider:model` and currency."""

    def __init__(self) -> None:
        self._totals: dict[tuple[str, str], ModelTotal] = {}

    def add(self, line: StatementLine) -> None:
        """Add a line."""
        key = (f"{line.provider}:{line.model}", line.currency)
        if key not in self._totals:
            self._totals[key] = ModelTotal()
        self._totals[key].add(line)

    def to_fields(self, version: int) -> list[dict[str, Any]]:
        """Return the totals as in a statement of a format, by model and currency, every number a decimal string."""
        counts = [name for name in COUNTS if version > 1 or name not in NOT_IN_FIRST]
        return [
            {"model": model, "currency": currency, "amount": format_money(found.amount)}
            | {name: str(found.counts[name]) for name in counts}
            for (model, currency), found in sorted(self._totals.items())
        ]
