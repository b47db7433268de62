"""Telling other plugins of committed usage; nothing is built when nobody listens."""

from collections.abc import Sequence

from llmring_server.contracts import RecordedUsage
from llmring_server.lifecycle import Server
from llmring_usage.ledger import Outcome
from llmring_usage.models import Deferred, Logged, Row


class Announcer:
    """Called by the writer after each commit; listeners run beside the requests."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._listened = server.plugins.listens("llmring_usage_recorded")

    def __call__(self, rows: Sequence[Row], outcomes: Sequence[Outcome]) -> None:
        """Announce the rows that are new; replays and refusals are none."""
        if not self._listened:
            return
        entries = [_recorded(row) for row, outcome in zip(rows, outcomes, strict=True) if _is_new(row, outcome)]
        if entries:
            self._server.spawn(self._server.plugins.usage_recorded(self._server, entries), "llmring_usage_recorded")


def _is_new(row: Row, outcome: Outcome) -> bool:
    return isinstance(outcome, Logged) and not isinstance(outcome, Deferred) and outcome.log_id == row.id


def _recorded(row: Row) -> RecordedUsage:
    return RecordedUsage(
        project_id=row.series.project_id,
        log_id=row.id,
        occurred_at=row.occurred_at,
        provider=row.series.provider,
        model=row.series.model,
        alias=row.series.alias,
        profile=row.series.profile,
        origin=row.series.origin,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cost=row.cost,
        cost_status=row.series.cost_status,
    )
