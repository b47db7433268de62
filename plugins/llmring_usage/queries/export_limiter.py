"""Limits on concurrent exports, per project and per process, because each holds a connection until it is read."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from llmring_server.http.errors import Unavailable

PROJECT_EXPORTS = 2


class ExportLimiter:
    """Counts the running exports of each project."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()

    @contextmanager
    def acquire(self, project: str, limit: int) -> Iterator[None]:
        """Count an export of a project while the block runs; `limit` is the maximum of all projects together.

        Raises:
            Unavailable: `PROJECT_EXPORTS` of this project are running, or `limit` in all.
        """
        if self._running[project] >= PROJECT_EXPORTS:
            raise Unavailable(f"{PROJECT_EXPORTS} exports of this project are running already. Try again shortly.")
        if self._running.total() >= limit:
            raise Unavailable(f"{limit} exports are running already. Try again shortly.")
        self._running[project] += 1
        try:
            yield
        finally:
            self._running[project] -= 1
            if not self._running[project]:
                del self._running[project]
