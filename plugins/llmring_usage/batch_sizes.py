"""How much usage is written at once, and how much waits: the figures of the writer."""

from collections.abc import Sequence

from llmring_server.contracts import Figure
from llmring_server.figures import Histogram
from llmring_usage.ledger import Outcome
from llmring_usage.models import Row
from llmring_usage.writer import Told, UsageWriter

ENTRIES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


class Batches:
    """Counts each batch that was committed, before it is told on."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._sizes = Histogram(ENTRIES)

    def __call__(self, rows: Sequence[Row], outcomes: Sequence[Outcome]) -> None:
        """Count a batch and tell of it."""
        self._sizes.observe(len(rows))
        self._told(rows, outcomes)

    def figures(self, writer: UsageWriter) -> list[Figure]:
        """Return the figures of a writer whose batches these are."""
        return [
            Figure(
                name="llmring_usage_queue_entries",
                help="Usage entries that wait for the database.",
                kind="gauge",
                read=lambda: writer.entries,
            ),
            Figure(
                name="llmring_usage_queue_bytes",
                help="Bytes of usage entries that wait for the database.",
                kind="gauge",
                read=lambda: writer.bytes,
            ),
            Figure(
                name="llmring_usage_batch_entries",
                help="Entries written in one transaction.",
                kind="histogram",
                read=self._sizes.read,
            ),
        ]
