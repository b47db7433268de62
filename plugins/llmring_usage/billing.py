"""Calls that other features store: billed beside their own rows, and not billed again when the client logs them."""

import msgspec

from llmring_server import wire
from llmring_server.contracts import Beside, Bill, BilledBefore, Call
from llmring_usage.events import Announcer
from llmring_usage.ledger import Ledger
from llmring_usage.models import Entry, Logged, Row
from llmring_usage.recording import Recorder
from llmring_usage.settings import UsageSettings


class UsageBilling:
    """The contract `Billing`: the same path as `/log`, in the transaction of whoever asks."""

    def __init__(self, recorder: Recorder, ledger: Ledger, settings: UsageSettings, told: Announcer) -> None:
        self._recorder = recorder
        self._ledger = ledger
        self._seconds = settings.write_timeout
        self._told = told

    async def bill(self, project: str, call: Call, beside: Beside) -> Bill:
        """Store a call's entry and what `beside` writes, both or neither; see the contract."""
        row = self._recorder.row(project, _entry(call))
        bill = Bill(row.id, row.cost, row.cost_source, row.cost_status, row.occurred_at)
        await self._ledger.store_beside(row, lambda connection: beside(connection, bill), self._seconds)
        self._told([row], [_logged(bill)])
        return bill


class Settled:
    """What `/log` asks first: whether another feature has billed this call already."""

    def __init__(self, before: BilledBefore | None) -> None:
        self._before = before

    async def find(self, row: Row) -> Logged | None:
        """Return the answer that stands for a call, or None when it is news; no I/O without an id of the client's."""
        if self._before is None or row.id_at_origin is None:
            return None
        call = Call(
            provider=row.provider,
            model=row.model,
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            cached_input_tokens=row.cached_input_tokens,
            id_at_origin=row.id_at_origin,
        )
        bill = await self._before.take(row.project_id, call, row.idempotency_key)
        return _logged(bill) if bill else None


def _entry(call: Call) -> Entry:
    try:
        return msgspec.convert(call, Entry, from_attributes=True)
    except msgspec.ValidationError as error:
        raise wire.misfit(error, "body", "metadata") from error


def _logged(bill: Bill) -> Logged:
    return Logged(bill.log_id, bill.cost, bill.cost_source, bill.cost_status, bill.timestamp)
