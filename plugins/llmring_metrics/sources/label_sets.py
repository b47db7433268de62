"""A limit on label combinations with a series of their own; all others are counted as `other`."""

from collections.abc import Collection

from llmring_metrics.workers.groups import Workers
from llmring_server.contracts.metrics import Labels

OTHER = "other"


class LabelSetLimiter:
    """The first `most` combinations seen by any worker, the same in all workers."""

    def __init__(self, workers: Workers, most: int) -> None:
        self._workers = workers
        self._most = most
        self._admitted: frozenset[Labels] = frozenset()

    async def prepare(self, wanted: Collection[Labels]) -> None:
        """Admit combinations up to the limit.

        Raises:
            OSError: the shared directory cannot be read or written.
        """
        new = [labels for labels in wanted if labels not in self._admitted]
        if new and len(self._admitted) < self._most:
            self._admitted |= set(await self._workers.admit(new, self._most))

    def limit(self, labels: Labels) -> Labels:
        """Return the labels to count a combination under: its own, or `other` for each."""
        return labels if labels in self._admitted else (OTHER,) * len(labels)
