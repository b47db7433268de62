"""Which combinations of labels have a series of their own: so many and no more, the rest are `other`."""

from collections.abc import Collection

from llmring_metrics.workers import Workers
from llmring_server.contracts.figures import Labels

OTHER = "other"


class LabelSets:
    """The first `most` combinations that any worker has seen; all workers agree on them."""

    def __init__(self, workers: Workers, most: int) -> None:
        self._workers = workers
        self._most = most
        self._own: frozenset[Labels] = frozenset()

    async def prepare(self, wanted: Collection[Labels]) -> None:
        """Have combinations admitted while there is room.

        Raises:
            OSError: the workers cannot meet.
        """
        news = [labels for labels in wanted if labels not in self._own]
        if news and len(self._own) < self._most:
            self._own |= set(await self._workers.admit(news, self._most))

    def shown(self, labels: Labels) -> Labels:
        """Return the labels under which a combination counts: its own, or `other` for each."""
        return labels if labels in self._own else (OTHER,) * len(labels)
