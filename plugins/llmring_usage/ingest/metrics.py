"""The metrics of usage: entries that wait for the database, in memory and in the journal, and batch sizes."""

from collections.abc import Sequence

from llmring_server.contracts.metrics import Metric
from llmring_server.runtime.histogram import Histogram
from llmring_usage.ingest.names_limit import NamesLimit
from llmring_usage.ingest.repository import Outcome
from llmring_usage.ingest.writer import OnStored, UsageWriter
from llmring_usage.journal.journal import Journal
from llmring_usage.models.responses import DeferredLogResponse
from llmring_usage.models.rows import UsageRow

ENTRIES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
PREFIX = "llmring_usage_"


class BatchMetrics:
    """Records the size of each batch that the database stored, then calls the next `on_stored`."""

    def __init__(self, on_stored: OnStored) -> None:
        self._on_stored = on_stored
        self.sizes = Histogram(ENTRIES)

    def __call__(self, rows: Sequence[UsageRow], outcomes: Sequence[Outcome]) -> None:
        """Record a batch."""
        if not isinstance(outcomes[0], DeferredLogResponse):
            self.sizes.observe(len(rows))
        self._on_stored(rows, outcomes)


def writer_metrics(writer: UsageWriter, batches: BatchMetrics, names: NamesLimit) -> list[Metric]:
    """Return the metrics of a writer, its batches and the limit of names."""
    return [
        Metric(
            name=PREFIX + "queue_entries",
            help="Usage entries that wait for the database.",
            kind="gauge",
            read=lambda: writer.entries,
        ),
        Metric(
            name=PREFIX + "queue_bytes",
            help="Bytes of usage entries that wait for the database.",
            kind="gauge",
            read=lambda: writer.bytes,
        ),
        Metric(
            name=PREFIX + "batch_entries",
            help="Entries written in one transaction.",
            kind="histogram",
            read=batches.sizes.read,
        ),
        Metric(
            name=PREFIX + "names_limited_days_total",
            help="Days of projects with so many combinations of names that further ones are summed together.",
            kind="counter",
            read=lambda: names.marked_days,
        ),
    ]


def journal_metrics(journal: Journal) -> list[Metric]:
    """Return the metrics of a journal; those of its folder have the same value in each process."""
    return [
        Metric(
            name=PREFIX + "journal_away",
            help="1 while the database is down and calls are appended to the journal.",
            kind="gauge",
            aggregate="max",
            read=lambda: int(journal.database_down),
        ),
        Metric(
            name=PREFIX + "journal_bytes",
            help="Bytes in the journal.",
            kind="gauge",
            aggregate="max",
            read=journal.size,
        ),
        Metric(
            name=PREFIX + "journal_lag_seconds",
            help="Age of the oldest calls in the journal.",
            kind="gauge",
            aggregate="max",
            read=journal.age,
        ),
        Metric(
            name=PREFIX + "journal_replayed_entries_total",
            help="Entries replayed from the journal.",
            kind="counter",
            read=lambda: journal.replayed,
        ),
        Metric(
            name=PREFIX + "journal_quarantined_entries_total",
            help="Entries of the journal that were quarantined because their key was revoked.",
            kind="counter",
            read=lambda: journal.quarantined,
        ),
        Metric(
            name=PREFIX + "journal_damaged_total",
            help="Segments of the journal that were quarantined as damaged.",
            kind="counter",
            read=lambda: journal.damaged,
        ),
    ]
