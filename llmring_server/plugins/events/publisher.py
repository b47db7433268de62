"""The publisher of events: appends entries to the queues of their listeners, and delivers what waits at the stop."""

import asyncio
import functools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from llmring_server.plugins.events.queues import ListenerQueue, QueueLimits

ENTRY_BYTES = 512
Listeners = Mapping[str, Sequence[tuple[str, Callable[..., Any]]]]


class Events:
    """The events of a server: the queues of all listeners, by event.

    `publish` neither waits nor raises: delivery is best effort, concurrent with the requests.
    """

    def __init__(self, server: Any, listeners: Listeners, limits: QueueLimits) -> None:
        self._queues = {
            event: tuple(
                ListenerQueue(plugin, event, functools.partial(_call, call, server), limits) for plugin, call in found
            )
            for event, found in listeners.items()
        }

    def listens(self, event: str) -> bool:
        """Whether any enabled plugin listens to an event; if not, there is no need to build its entries."""
        return bool(self._queues[event])

    def publish(self, event: str, entries: Sequence[Any]) -> None:
        """Append entries to the queue of each listener of an event; call it on the event loop, after the commit."""
        queues = self._queues[event]
        if queues and entries:
            sized = [(entry, _size_of(entry)) for entry in entries]
            for queue in queues:
                queue.put(sized)

    async def deliver(self, event: str, entries: Sequence[Any]) -> None:
        """Publish entries, and return when the listeners have finished them: for tests and commands."""
        self.publish(event, entries)
        await asyncio.gather(*(queue.wait_idle() for queue in self._queues[event]))

    async def drain(self, seconds: float) -> None:
        """Wait until no queue has entries, also those of events that listeners publish; at most `seconds`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (busy := [queue for queue in self.queues if queue.busy]) and loop.time() < deadline:
            waits = [asyncio.create_task(queue.wait_idle(), name="llmring events drain") for queue in busy]
            _, late = await asyncio.wait(waits, timeout=deadline - loop.time())
            for wait in late:
                wait.cancel()

    def close(self) -> None:
        """Stop all deliveries; entries that still wait are dropped, which is logged."""
        for queue in self.queues:
            queue.stop()

    @property
    def queues(self) -> Iterator[ListenerQueue]:
        """The queues of all listeners, for metrics."""
        for queues in self._queues.values():
            yield from queues


async def _call(call: Callable[..., Any], server: Any, entries: Sequence[Any]) -> None:
    await call(server=server, entries=entries)


def _size_of(entry: Any) -> int:
    """Return about the bytes of an entry in memory."""
    if not isinstance(entry, msgspec.Struct):
        return ENTRY_BYTES + sys.getsizeof(entry)
    return ENTRY_BYTES + sum(len(value) for value in msgspec.structs.astuple(entry) if isinstance(value, str | bytes))
