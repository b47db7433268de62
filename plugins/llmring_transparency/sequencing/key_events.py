"""Key events: the public history of receipt and checkpoint keys in the log."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from llmring_server.contracts.transparency import KeyEvent, ReceiptKeyEvents
from llmring_server.database import Database
from llmring_server.tlog import base64
from llmring_server.tlog.leaves import EntryKind
from llmring_transparency.models import DEPLOYMENT, QueueItem
from llmring_transparency.storage.store import LogStore


class KeyEventCollector:
    """Queues the events of receipt keys, each once; without their `history`, there are none."""

    def __init__(self, database: Database, store: LogStore) -> None:
        self._database = database
        self._store = store
        self.history: ReceiptKeyEvents | None = None

    async def queue(self) -> None:
        """Queue new events, unless another process is doing it."""
        history, state = self.history, await self._store.state()
        events = await history.after(state.key_events) if history and state else ()
        if not events:
            return
        async with self._database.transaction() as connection:
            if not await self._store.lock(connection):
                return
            state = await self._store.state(connection)
            new = [event for event in events if state and event.number > state.key_events]
            if new:
                await self._store.put(connection, [_to_item(event) for event in new])
                await self._store.set_key_events(connection, new[-1].number)


def _to_item(event: KeyEvent) -> QueueItem:
    content = {
        "at": _format_time(event.at),
        "change": event.change,
        "key_id": event.key_id,
        "public_key": base64.encode(event.public_key),
        "type": "receipt-key",
    }
    return QueueItem(DEPLOYMENT, EntryKind.KEY_EVENT, f"receipt-key {event.number}", canonical(content))


def checkpoint_key_event(vkey: str, at: datetime) -> bytes:
    """Return the event of a new checkpoint key."""
    return canonical({"at": _format_time(at), "change": "added", "type": "checkpoint-key", "vkey": vkey})


def tombstone_event(index: int, at: datetime) -> bytes:
    """Return the event of a destroyed salt: the leaf and the time, but not its project."""
    return canonical({"at": _format_time(at), "index": index, "type": "erased"})


def canonical(members: Mapping[str, str | int]) -> bytes:
    """Return an object of strings and integers as canonical JSON (RFC 8785)."""
    return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _format_time(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
