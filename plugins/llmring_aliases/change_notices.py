"""Notices of alias changes: sent to the other processes over LISTEN/NOTIFY, and dispatched within this one."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from llmring_server.database import Notifications
from llmring_server.http import codec

TOPIC = "aliases"
MAX_PROFILE_BYTES = 6_000


class ChangeNotice(msgspec.Struct, frozen=True, array_like=True):
    """A project's new version and the profiles that changed; no profiles means any of them may have."""

    project: str
    version: int
    profiles: tuple[str, ...] = ()


class ChangeListener(Protocol):
    """A cache that change notices invalidate; neither method waits."""

    def on_change(self, notice: ChangeNotice) -> None:
        """Handle a change made by this process or another."""
        ...

    def reset(self) -> None:
        """Handle a gap: changes may have been missed."""
        ...


class ChangeNotifier:
    """Publishes change notices to all processes, and dispatches them to the listeners of this one."""

    def __init__(self, notifications: Notifications, listeners: Sequence[ChangeListener]) -> None:
        self._notifications = notifications
        self._listeners = tuple(listeners)
        self._decoder = msgspec.json.Decoder(ChangeNotice)
        notifications.listen(TOPIC, self._on_message, self._reset)

    async def publish(self, cursor: Any, notice: ChangeNotice) -> None:
        """Send a notice to every process when the cursor's transaction commits."""
        await cursor.execute(Notifications.NOTIFY, self._notifications.payload(TOPIC, codec.encode(notice).decode()))

    def dispatch(self, notice: ChangeNotice) -> None:
        """Pass a notice to the listeners of this process immediately, without waiting for the notification."""
        for listener in self._listeners:
            listener.on_change(notice)

    def _on_message(self, text: str) -> None:
        self.dispatch(self._decoder.decode(text))

    def _reset(self) -> None:
        for listener in self._listeners:
            listener.reset()


def build_notice(project: str, version: int, profiles: set[str]) -> ChangeNotice:
    """Return the notice of a change; the profiles are left out (which means any) when they are too long to send."""
    short = sum(len(codec.encode(name)) for name in profiles) <= MAX_PROFILE_BYTES
    return ChangeNotice(project, version, tuple(sorted(profiles)) if short else ())
