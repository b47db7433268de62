"""The figures of receipts: how many wait for the database, and how many are written at once."""

from llmring_receipts.receipts.writer import ReceiptWriter
from llmring_server.contracts.metrics import Metric

PREFIX = "llmring_receipts_"


def writer_metrics(writer: ReceiptWriter) -> list[Metric]:
    """Return the figures of a process's writer."""
    return [
        Metric(
            name=PREFIX + "queue_receipts",
            help="Receipts that wait for the database.",
            kind="gauge",
            read=lambda: writer.waiting,
        ),
        Metric(
            name=PREFIX + "batch_receipts",
            help="Receipts written in one transaction.",
            kind="histogram",
            read=writer.sizes.read,
        ),
    ]
