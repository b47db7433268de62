"""Telling other plugins of committed usage; nothing is built when nobody listens."""

from collections.abc import Sequence

from llmring_server.server import Server
from llmring_usage.ingest.repository import Outcome
from llmring_usage.models.responses import Deferred, Logged
from llmring_usage.models.rows import Row
from llmring_usage.tables.entry_lookup import logged_usage


class Announcer:
    """Called by the writer after each commit; listeners run beside the requests."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._listened = server.plugins.listens("llmring_usage_recorded")

    def __call__(self, rows: Sequence[Row], outcomes: Sequence[Outcome]) -> None:
        """Announce the rows that are new; replays and refusals are none."""
        if not self._listened:
            return
        entries = [logged_usage(row) for row, outcome in zip(rows, outcomes, strict=True) if _is_new(row, outcome)]
        if entries:
            self._server.create_task(
                self._server.plugins.usage_recorded(self._server, entries), "llmring_usage_recorded"
            )


def _is_new(row: Row, outcome: Outcome) -> bool:
    return isinstance(outcome, Logged) and not isinstance(outcome, Deferred) and outcome.log_id == row.id
