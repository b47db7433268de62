"""Earlier versions of the providers' files in memory, so that a call is priced by the version that was in force."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

import msgspec

from llmring_registry.composed.prices import PriceBook
from llmring_registry.models import Provider
from llmring_server.contracts import Price

MAX_EDITIONS = 30
Load = Callable[[str, datetime], Awaitable[None]]


class Edition(msgspec.Struct, frozen=True):
    """One version of a provider's file: its number, when it came into force (UTC), and its prices."""

    version: int
    since: datetime
    prices: PriceBook


class PriceHistory:
    """The known versions of each provider's file, oldest first; `wanted` are providers of which older ones are missing.

    `wanted` has the earliest time that was asked for, by provider; `wake` is set when it changes. `load` loads versions
    of a provider back to a time. `listeners` are called when a version is added.
    """

    def __init__(self) -> None:
        self.load: Load = _load_nothing
        self.listeners: list[Callable[[], None]] = []
        self.wanted: dict[str, datetime] = {}
        self.wake = asyncio.Event()
        self._editions: dict[str, list[Edition]] = {}
        self._current: dict[str, datetime | None] = {}
        self._exhausted: dict[str, datetime] = {}

    def switch_to(self, providers: Collection[Provider], prices: PriceBook) -> None:
        """Make these the current versions; those without a date count as in force at every time."""
        self._current = {provider.name: provider.updated_at for provider in providers}
        for provider in providers:
            if provider.updated_at is not None:
                self._put(provider.name, Edition(provider.version, provider.updated_at, prices))
        self._notify()

    def since(self, provider: str) -> datetime | None:
        """Return when the current version of a provider's file came into force, None if that is unknown."""
        return self._current.get(provider)

    def add(self, provider: Provider, known_at: datetime) -> None:
        """Add an earlier version; a file without a date came into force when it was first `known_at`."""
        since = provider.updated_at or known_at
        if (since, provider.version) not in map(_order, self.editions(provider.name)):
            self._put(provider.name, Edition(provider.version, since, PriceBook([provider])))
            self._notify()

    def _notify(self) -> None:
        for function in self.listeners:
            function()

    def _put(self, provider: str, edition: Edition) -> None:
        others = [one for one in self.editions(provider) if _order(one) != _order(edition)]
        self._editions[provider] = sorted([*others, edition], key=_order)[-MAX_EDITIONS:]

    def editions(self, provider: str) -> list[Edition]:
        """Return the known versions of a provider's file, oldest first."""
        return self._editions.get(provider, [])

    def exhaust(self, provider: str, at: datetime) -> None:
        """Record that no more versions back to a time can be loaded, so that they are not wanted again."""
        self._exhausted[provider] = min(at, self._exhausted.get(provider, at))

    def find(self, provider: str, model: str, at: datetime) -> Price | None:
        """Return the price at a time, of the oldest version for an earlier time; that makes older ones wanted."""
        editions = self.editions(provider)
        number = next((n for n in range(len(editions) - 1, -1, -1) if editions[n].since <= at), -1)
        if number < 0:
            self._want(provider, at)
        if not editions:
            return None
        chosen, later = editions[max(number, 0)], editions[max(number, 0) + 1 :]
        price = chosen.prices.find(provider, model)
        until = later[0].since if later else None
        return None if price is None else msgspec.structs.replace(price, since=chosen.since, until=until)

    def _want(self, provider: str, at: datetime) -> None:
        exhausted = self._exhausted.get(provider)
        if self.editions(provider) and (exhausted is None or at < exhausted):
            self.wanted[provider] = min(at, self.wanted.get(provider, at))
            self.wake.set()


async def _load_nothing(provider: str, at: datetime) -> None:
    """Load no earlier versions."""


def _order(edition: Edition) -> tuple[datetime, int]:
    return edition.since, edition.version
