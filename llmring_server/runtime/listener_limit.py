"""The limit of connections that event listeners may hold together, so that requests always find one."""

import asyncio
import contextlib
from contextvars import ContextVar

SHARE = 4  # listeners may hold one of this many connections

in_listener: ContextVar[bool] = ContextVar("in_listener", default=False)


class ListenerLimit:
    """The connections of listeners: at least one, at most a quarter of the pool."""

    def __init__(self, connections: int) -> None:
        self._free = asyncio.Semaphore(max(1, connections // SHARE))
        self._unlimited = contextlib.nullcontext()

    def slot(self) -> "asyncio.Semaphore | contextlib.nullcontext[None]":
        """Return a context in which a connection may be held; a listener waits there until one of its share is free."""
        return self._free if in_listener.get() else self._unlimited
