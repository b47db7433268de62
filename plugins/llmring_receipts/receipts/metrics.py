"""Metrics of receipts: how many wait for the database, and the size of batches."""

from llmring_receipts.receipts.writer import ReceiptWriter
from llmring_server.contracts.metrics import Metric

PREFIX = "llmring_receipts_"


def writer_metrics(writer: ReceiptWriter) -> list[Metric]:
    """Return the metrics of this process's writer."""
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
