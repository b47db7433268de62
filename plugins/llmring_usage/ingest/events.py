"""Events of committed usage for other plugins; nothing is built while no plugin listens."""

from collections.abc import Sequence

from llmring_server.server import Server
from llmring_usage.ingest.repository import Outcome
from llmring_usage.models.responses import DeferredLogResponse, UsageLogResponse
from llmring_usage.models.rows import UsageRow
from llmring_usage.tables.entry_lookup import logged_usage


class UsageEvents:
    """Called by the writer after each commit; listeners run concurrently with the requests."""

    def __init__(self, server: Server) -> None:
        self._events = server.events
        self._has_listeners = server.events.listens("llmring_usage_recorded")

    def __call__(self, rows: Sequence[UsageRow], outcomes: Sequence[Outcome]) -> None:
        """Notify listeners of the new rows, without repeated and rejected ones."""
        if not self._has_listeners:
            return
        entries = [logged_usage(row) for row, outcome in zip(rows, outcomes, strict=True) if _is_new(row, outcome)]
        if entries:
            self._events.publish("llmring_usage_recorded", entries)


def _is_new(row: UsageRow, outcome: Outcome) -> bool:
    return (
        isinstance(outcome, UsageLogResponse)
        and not isinstance(outcome, DeferredLogResponse)
        and outcome.log_id == row.id
    )
