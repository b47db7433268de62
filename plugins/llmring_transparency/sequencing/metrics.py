"""The figures of the log: how far it is, how long the oldest receipt has waited, and whether it has stopped."""

from llmring_server.contracts.metrics import Metric
from llmring_transparency.sequencing.log import TransparencyLog

PREFIX = "llmring_transparency_"


def log_metrics(log: TransparencyLog) -> list[Metric]:
    """Return the figures of a process's part in the log."""
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
            help="How long the oldest receipt has waited for its place in the transparency log.",
            kind="gauge",
            read=lambda: log.queue_age,
            aggregate="max",
        ),
        Metric(
            name=PREFIX + "signing_stopped",
            help="1 while the transparency log signs no more, because of an alarm.",
            kind="gauge",
            read=lambda: log.signing_stopped,
            aggregate="max",
        ),
    ]
