"""Metrics of the listeners of events: what was delivered, what was lost, and what waits."""

from collections.abc import Callable, Mapping

from llmring_server.contracts.metrics import Metric
from llmring_server.plugins.events import Events, ListenerQueue

LABELS = ("plugin", "event")


def build_listener_metrics(events: Events) -> list[Metric]:
    """Return the metrics of all listeners' queues."""
    return [
        _counter(events, "delivered", "Entries that a listener of an event has processed.", lambda one: one.delivered),
        _counter(events, "failed", "Entries of calls of a listener that failed.", lambda one: one.failed),
        _counter(events, "dropped", "Entries that a listener's queue had no room for.", lambda one: one.dropped),
        Metric(
            name="llmring_listener_waiting_entries",
            help="Entries that wait for a listener of an event.",
            kind="gauge",
            labels=LABELS,
            read=lambda: _read(events, lambda one: one.waiting),
        ),
    ]


def _counter(events: Events, name: str, help_: str, read: Callable[[ListenerQueue], int]) -> Metric:
    return Metric(
        name=f"llmring_listener_{name}_entries_total",
        help=help_,
        kind="counter",
        labels=LABELS,
        read=lambda: _read(events, read),
    )


def _read(events: Events, read: Callable[[ListenerQueue], int]) -> Mapping[tuple[str, ...], int]:
    return {(queue.plugin, queue.event): read(queue) for queue in events.queues}
