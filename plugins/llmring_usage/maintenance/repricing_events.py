"""Events of calls that were priced again, for other plugins; nothing is built while no plugin listens."""

from collections.abc import Sequence

from llmring_server.contracts.usage_lines import RepricedUsage
from llmring_server.server import Server
from llmring_usage.maintenance.reprice import PriceCorrection


class RepricingEvents:
    """Called after calls were priced again; listeners run concurrently with the requests."""

    def __init__(self, server: Server) -> None:
        self._events = server.events
        self._has_listeners = server.events.listens("llmring_usage_repriced")

    def __call__(self, corrections: Sequence[PriceCorrection]) -> None:
        """Notify listeners of the corrected calls."""
        if corrections and self._has_listeners:
            entries = [_repriced(correction) for correction in corrections]
            self._events.publish("llmring_usage_repriced", entries)


def _repriced(correction: PriceCorrection) -> RepricedUsage:
    return RepricedUsage(
        project_id=correction.project_id,
        log_id=str(correction.id),
        occurred_at=correction.occurred_at,
        provider=correction.provider,
        model=correction.model,
        cost=correction.cost,
        cost_status=correction.cost_status,
        cost_source=correction.cost_source,
        old_cost=correction.old_cost,
        old_status=correction.old_status,
    )
