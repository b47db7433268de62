"""Contracts of serving requests: the front page, the state of keys, and requests during an outage of the database."""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

import msgspec

from llmring_server.contracts import Identity


class FrontPage(msgspec.Struct, frozen=True):
    """The front page of a feature's web pages: its path on this server; the host redirects browsers to it."""

    path: str


@runtime_checkable
class KeyStatus(Protocol):
    """The current identity of a key, looked up by its id: for sessions, which do not store the key.

    Without a provider, plain keys are always valid and all other ids are unknown.
    """

    async def current_identity(self, project_id: str, key_id: str) -> Identity | None:
        """Return the identity of a project's key, or None when it is unknown, expired or revoked."""
        ...


@runtime_checkable
class RecentKeys(Protocol):
    """Keys that were valid within the last hour, for routes that store requests while the database is down.

    Such a route (`Route.during_outage`) stores the key's id with each request of an unconfirmed identity, and calls
    `find_revoked` before the request takes effect. Without a provider, every identity is confirmed.
    """

    async def identify_recent(self, key: str) -> Identity | None:
        """Return the identity of a key as `Authenticator.identify` does, or an unconfirmed one during an outage.

        Raises:
            psycopg.OperationalError, TimeoutError: the database is down, and the key was not valid recently.
        """
        ...

    async def find_revoked(self, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those of the keys, given by project and id, that are revoked or unknown by now."""
        ...


@runtime_checkable
class OutageService(Protocol):
    """A feature that serves its routes (`Route.during_outage`) before the database has answered for the first time.

    With a provider, a server starts while the database is down, and enters the plugins' lifespans once it answers.
    """

    def running(self) -> AbstractAsyncContextManager[None]:
        """Return a context manager for the time until the server stops; it is entered before the lifespans."""
        ...
