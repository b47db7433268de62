"""Seats for watchers: how many streams a process holds at once, of each project and in all."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from llmring_server.http.errors import Problem, Unavailable

RETRY_SECONDS = "5"


class Seats:
    """The seats of a process: `each` for a project, `every` in all."""

    def __init__(self, each: int, every: int) -> None:
        self._each = each
        self._every = every
        self._taken: Counter[str] = Counter()

    def check(self, project: str) -> None:
        """Refuse a stream for which there is no seat.

        Raises:
            Problem: 429 when the project has as many as it may, 503 when the process holds as many as it can.
        """
        if self._taken[project] >= self._each:
            detail = f"this project has {self._each:,} streams open here; close one, or try again in {RETRY_SECONDS} s"
            raise Problem(429, detail, headers={"Retry-After": RETRY_SECONDS})
        if self._taken.total() >= self._every:
            raise Unavailable("this server holds as many streams as it can; try again shortly")

    @contextmanager
    def taken(self, project: str, gone: Coroutine[Any, Any, None]) -> "Iterator[asyncio.Task[None]]":
        """Take a seat until the block ends or `gone` does, which waits for the client to disconnect; give that task."""
        self._taken[project] += 1
        waiting = asyncio.create_task(gone, name="llmring aliases seat")
        waiting.add_done_callback(lambda _: self._leave(project))
        try:
            yield waiting
        finally:
            waiting.cancel()

    def _leave(self, project: str) -> None:
        self._taken[project] -= 1
        if not self._taken[project]:
            del self._taken[project]
