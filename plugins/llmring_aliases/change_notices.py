"""What is said of a change, to the other processes over the channel and within this one."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from llmring_server.database import Notifications
from llmring_server.http import codec

TOPIC = "aliases"
MAX_TEXT_BYTES = 6_000


class News(msgspec.Struct, frozen=True, array_like=True):
    """A change in a few words: the project's new version, and the profiles (none named: perhaps any)."""

    project: str
    version: int
    profiles: tuple[str, ...] = ()


class Reader(Protocol):
    """Whoever keeps something that news makes old; neither method waits."""

    def heard(self, news: News) -> None:
        """Take note of a change, of this process or another."""
        ...

    def reset(self) -> None:
        """Take note that changes may have been missed."""
        ...


class Bulletin:
    """Passes news on to every reader in this process."""

    def __init__(self, channel: Notifications, readers: Sequence[Reader]) -> None:
        self._channel = channel
        self._readers = tuple(readers)
        self._decoder = msgspec.json.Decoder(News)
        channel.listen(TOPIC, self._heard, self._reset)

    async def say(self, cursor: Any, news: News) -> None:
        """Have every process hear of a change once the cursor's transaction has committed."""
        await cursor.execute(Notifications.NOTIFY, self._channel.payload(TOPIC, codec.encode(news).decode()))

    def heard(self, news: News) -> None:
        """Tell this process now, before the channel does."""
        for reader in self._readers:
            reader.heard(news)

    def _heard(self, text: str) -> None:
        self.heard(self._decoder.decode(text))

    def _reset(self) -> None:
        for reader in self._readers:
            reader.reset()


def news_of(project: str, version: int, profiles: set[str]) -> News:
    """Return the news of a change; too many profiles to say are none, which means any."""
    fits = sum(len(codec.encode(name)) for name in profiles) <= MAX_TEXT_BYTES
    return News(project, version, tuple(sorted(profiles)) if fits else ())
