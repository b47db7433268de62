"""The Protocol of the server object that hooks receive, so that plugins do not import the server itself."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, overload

import httpx

from llmring_server.contracts import Authenticator
from llmring_server.database import Database, Notifications
from llmring_server.plugins.events import Events
from llmring_server.plugins.settings_model import PluginSettings
from llmring_server.runtime.cache import Cache
from llmring_server.settings import Settings

SettingsT = TypeVar("SettingsT", bound=PluginSettings)
ContractT = TypeVar("ContractT")
DefaultT = TypeVar("DefaultT")


class ServerContext(Protocol):
    """The server object that hooks receive: settings, database, cache, an HTTP client, and other plugins' services.

    `notifications` sends messages to other processes, `events` entries to listeners in this process. `database`,
    `cache` and `http` are usable within the lifespan.
    """

    settings: Settings
    database: Database
    notifications: Notifications
    cache: Cache
    events: Events

    @property
    def pepper(self) -> bytes:
        """The secret from which project ids and key hashes are derived."""
        ...

    @property
    def http(self) -> httpx.AsyncClient:
        """The client for outgoing requests."""
        ...

    @property
    def projects(self) -> Authenticator:
        """The authenticator: a plugin's, or the built-in one for plain keys."""
        ...

    def plugin_settings(self, model: type[SettingsT]) -> SettingsT:
        """Return the settings that a plugin declared with `llmring_settings`.

        Raises:
            StartupError: no enabled plugin declared this model.
        """
        ...

    @overload
    def service(self, contract: type[ContractT]) -> ContractT: ...

    @overload
    def service(self, contract: type[ContractT], default: DefaultT) -> ContractT | DefaultT: ...

    def service(self, contract: type[Any], default: object = ...) -> Any:
        """Return the provider of a contract, or `default` when there is none.

        Raises:
            StartupError: no enabled plugin provides it and no default is given.
        """
        ...

    def call_hook(self, hook: str, **arguments: object) -> list[Any]:
        """Call a hook that this plugin declared with `llmring_hookspecs`, and return the values, in conf order.

        The values of coroutine functions are to be awaited. An exception of an implementation is raised.
        """
        ...

    def on_shutdown(self, function: Callable[[], None]) -> None:
        """Register a plain function to call when the process begins to shut down; streams end there."""
        ...

    def create_task(self, work: Any, name: str) -> None:
        """Run a coroutine in the background; it is awaited before the server closes, and a failure is logged."""
        ...
