"""Limits on concurrent streams, per project and per process."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from llmring_server.http.errors import Problem, Unavailable

RETRY_SECONDS = "5"


class StreamLimiter:
    """Counts the open streams of a process: at most `per_project` for each project, and `total` in all."""

    def __init__(self, per_project: int, total: int) -> None:
        self._per_project = per_project
        self._total = total
        self._open: Counter[str] = Counter()

    def check(self, project: str) -> None:
        """Refuse a stream that would exceed a limit.

        Raises:
            Problem: 429 at the limit of the project, 503 at that of the process.
        """
        if self._open[project] >= self._per_project:
            detail = (
                f"This project has {self._per_project:,} open streams on this server process, which is the limit. "
                f"Close one, or try again in {RETRY_SECONDS} seconds."
            )
            raise Problem(429, detail, headers={"Retry-After": RETRY_SECONDS})
        if self._open.total() >= self._total:
            raise Unavailable("This server process has reached its limit of open streams. Try again shortly.")

    @contextmanager
    def acquire(self, project: str, disconnect: Coroutine[Any, Any, None]) -> "Iterator[asyncio.Task[None]]":
        """Count a stream until the block ends or the client disconnects.

        `disconnect` returns when the client has disconnected; yields its task.
        """
        self._open[project] += 1
        waiting = asyncio.create_task(disconnect, name="llmring aliases stream")
        waiting.add_done_callback(lambda _: self._release(project))
        try:
            yield waiting
        finally:
            waiting.cancel()

    def _release(self, project: str) -> None:
        self._open[project] -= 1
        if not self._open[project]:
            del self._open[project]
