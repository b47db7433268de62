"""Metrics of the log: its size, the age of its queue, and whether signing is stopped."""

from llmring_server.contracts.metrics import Metric
from llmring_transparency.sequencing.log import TransparencyLog

PREFIX = "llmring_transparency_"


def log_metrics(log: TransparencyLog) -> list[Metric]:
    """Return the metrics of the log in this process."""
    return [
        Metric(
            name=PREFIX + "tree_leaves",
            help="Leaves in the transparency log.",
            kind="gauge",
            read=lambda: log.size,
            aggregate="max",
        ),
        Metric(
            name=PREFIX + "queue_age_seconds",
            help="Age of the oldest receipt that waits for the transparency log.",
            kind="gauge",
            read=lambda: log.queue_age,
            aggregate="max",
        ),
        Metric(
            name=PREFIX + "signing_stopped",
            help="1 while signing of the transparency log is stopped by an alarm.",
            kind="gauge",
            read=lambda: log.signing_stopped,
            aggregate="max",
        ),
    ]
