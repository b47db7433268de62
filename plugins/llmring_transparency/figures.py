"""The figures of the log: how far it is, how long the oldest receipt has waited, and whether it has stopped."""

from llmring_server.contracts.figures import Figure
from llmring_transparency.log import Log

PREFIX = "llmring_transparency_"


def of_log(log: Log) -> list[Figure]:
    """Return the figures of a process's part in the log."""
    return [
        Figure(
            name=PREFIX + "tree_leaves",
            help="Leaves in the transparency log.",
            kind="gauge",
            read=lambda: log.size,
            across="max",
        ),
        Figure(
            name=PREFIX + "queue_age_seconds",
            help="How long the oldest receipt has waited for its place in the transparency log.",
            kind="gauge",
            read=lambda: log.age,
            across="max",
        ),
        Figure(
            name=PREFIX + "signing_stopped",
            help="1 while the transparency log signs no more, because of an alarm.",
            kind="gauge",
            read=lambda: log.alarmed,
            across="max",
        ),
    ]
