"""Events of entries that were taken back, for other plugins; nothing is built while no plugin listens."""

from collections.abc import Sequence
from decimal import Decimal

from llmring_server.contracts.usage_lines import CorrectedUsage
from llmring_server.server import Server
from llmring_usage.maintenance.corrections.models import CorrectionRecord, StoredEntry, TakenBack


class CorrectionEvents:
    """Called after entries were taken back; listeners run concurrently with the requests."""

    def __init__(self, server: Server) -> None:
        self._events = server.events
        self._has_listeners = server.events.listens("llmring_usage_corrected")

    def __call__(self, entries: Sequence[CorrectedUsage]) -> None:
        """Notify listeners of entries that were taken back."""
        if entries and self._has_listeners:
            self._events.publish("llmring_usage_corrected", entries)


def corrected_usage(
    record: CorrectionRecord, entry: StoredEntry | TakenBack, new_cost: Decimal | None = None
) -> CorrectedUsage:
    """Return an entry that was taken back as listeners receive it."""
    return CorrectedUsage(
        project_id=record.project_id,
        log_id=record.log_id,
        occurred_at=entry.occurred_at,
        provider=entry.provider,
        model=entry.model,
        cost=entry.cost,
        kind=record.kind,
        replaced_by=record.replaced_by,
        new_cost=new_cost,
    )
