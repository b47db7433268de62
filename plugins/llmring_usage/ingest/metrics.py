"""The figures of usage: what waits for the database, in memory and in the journal, and how much is written at once."""

from collections.abc import Sequence

from llmring_server.contracts.metrics import Metric
from llmring_server.runtime.histogram import Histogram
from llmring_usage.ingest.repository import Outcome
from llmring_usage.ingest.writer import Told, UsageWriter
from llmring_usage.journal.journal import Journal
from llmring_usage.models.responses import Deferred
from llmring_usage.models.rows import Row

ENTRIES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
PREFIX = "llmring_usage_"


class Batches:
    """Counts each batch that the database took, before it is told on."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self.sizes = Histogram(ENTRIES)

    def __call__(self, rows: Sequence[Row], outcomes: Sequence[Outcome]) -> None:
        """Count a batch and tell of it."""
        if not isinstance(outcomes[0], Deferred):
            self.sizes.observe(len(rows))
        self._told(rows, outcomes)


def of_writing(writer: UsageWriter, batches: Batches) -> list[Metric]:
    """Return the figures of a writer whose batches these are."""
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
    ]


def of_journal(journal: Journal) -> list[Metric]:
    """Return the figures of a journal; what they say of its folder is the same from each process."""
    return [
        Metric(
            name=PREFIX + "journal_away",
            help="1 while the database is away and calls go to the journal.",
            kind="gauge",
            aggregate="max",
            read=lambda: int(journal.away),
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
            name=PREFIX + "journal_damaged_total",
            help="Segments of the journal that were put aside as damaged.",
            kind="counter",
            read=lambda: journal.damaged,
        ),
    ]
