"""Metrics of committed usage: entries, tokens and cost by project, provider and model."""

import decimal
from collections.abc import Callable, Sequence
from decimal import Decimal

from llmring_metrics.models import EXACT_DIGITS
from llmring_metrics.sources.label_sets import LabelSetLimiter
from llmring_server.contracts import RecordedUsage
from llmring_server.contracts.metrics import Labels, Metric, Number

LABELS = ("project", "provider", "model")


class UsageTotals:
    """The usage of one combination of project, provider and model; `cost` in exact USD."""

    __slots__ = ("cost", "entries", "estimated", "input_tokens", "output_tokens", "unpriced")

    def __init__(self) -> None:
        self.entries = 0
        self.estimated = 0
        self.input_tokens = 0
        self.output_tokens = 0
        self.cost = Decimal(0)
        self.unpriced: dict[str, int] = {}


class UsageMetrics:
    """Counts the usage recorded by this process."""

    def __init__(self, label_sets: LabelSetLimiter) -> None:
        self._label_sets = label_sets
        self._totals: dict[Labels, UsageTotals] = {}
        self._exact = decimal.Context(prec=EXACT_DIGITS)

    async def add(self, entries: Sequence[RecordedUsage]) -> None:
        """Count committed entries."""
        await self._label_sets.prepare({_labels_of(entry) for entry in entries})
        for entry in entries:
            self._add(entry)

    def _add(self, entry: RecordedUsage) -> None:
        labels = self._label_sets.limit(_labels_of(entry))
        totals = self._totals.get(labels)
        if totals is None:
            totals = self._totals[labels] = UsageTotals()
        totals.entries += 1
        totals.input_tokens += entry.input_tokens
        totals.output_tokens += entry.output_tokens
        totals.estimated += entry.cost_status == "estimated"
        if entry.cost is None:
            totals.unpriced[entry.cost_status] = totals.unpriced.get(entry.cost_status, 0) + 1
        else:
            totals.cost = self._exact.add(totals.cost, entry.cost)

    def figures(self) -> list[Metric]:
        """Return the metrics of usage."""
        return [
            _counter("entries", "Entries recorded.", LABELS, self._read(lambda totals: totals.entries)),
            _counter("tokens", "Tokens of recorded entries.", (*LABELS, "kind"), self._tokens),
            _counter("cost_usd", "Cost of recorded entries in USD.", LABELS, self._read(lambda totals: totals.cost)),
            _counter(
                "estimated_entries",
                "Recorded entries whose cost is estimated.",
                LABELS,
                self._read(lambda totals: totals.estimated),
            ),
            _counter("unpriced_entries", "Recorded entries without a cost.", (*LABELS, "reason"), self._unpriced),
        ]

    def _read(self, of: Callable[[UsageTotals], Number]) -> Callable[[], dict[Labels, Number]]:
        return lambda: {labels: of(totals) for labels, totals in self._totals.items()}

    def _tokens(self) -> dict[Labels, Number]:
        found: dict[Labels, Number] = {}
        for labels, totals in self._totals.items():
            found[*labels, "input"] = totals.input_tokens
            found[*labels, "output"] = totals.output_tokens
        return found

    def _unpriced(self) -> dict[Labels, Number]:
        return {
            (*labels, reason): count
            for labels, totals in self._totals.items()
            for reason, count in totals.unpriced.items()
        }


def _labels_of(entry: RecordedUsage) -> Labels:
    return entry.project_id, entry.provider, entry.model


def _counter(name: str, help_: str, labels: Labels, read: Callable[[], dict[Labels, Number]]) -> Metric:
    return Metric(name=f"llmring_usage_{name}_total", help=help_, kind="counter", labels=labels, read=read)
