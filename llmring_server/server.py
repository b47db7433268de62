"""The server object: the resources that plugins use, opened and closed on one stack."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, overload

import httpx

from llmring_server.bundled import migrations
from llmring_server.contracts import Authenticator
from llmring_server.contracts.projects import ReservedKeys
from llmring_server.contracts.serving import OutageService
from llmring_server.database import Database, Notifications
from llmring_server.database.checks.clock import WrongClock
from llmring_server.database.checks.pepper_check import check_pepper
from llmring_server.database.migrate import Source, check
from llmring_server.database.required_plugins import check_plugins
from llmring_server.errors import DatabaseDown, StartupError
from llmring_server.http.middleware.authentication import PlainKeys
from llmring_server.http.middleware.request_log import RequestLog
from llmring_server.plugins.events import Events, QueueLimits
from llmring_server.plugins.manager import Plugin, PluginSet
from llmring_server.plugins.plugin_settings import read_plugin_settings, unknown_variables
from llmring_server.plugins.providers import MissingService, check_provider, explain_order
from llmring_server.plugins.settings_model import PluginSettings
from llmring_server.runtime.background import beside
from llmring_server.runtime.cache import Cache, open_cache
from llmring_server.serving.logging import logging_to_stderr
from llmring_server.serving.shutdown import Drain, on_signal
from llmring_server.settings import Settings

log = logging.getLogger(__name__)

HTTP_SECONDS = 10.0
RETRY_SECONDS = 0.5
SettingsT = TypeVar("SettingsT", bound=PluginSettings)
ContractT = TypeVar("ContractT")
DefaultT = TypeVar("DefaultT")
_MISSING = object()


class Server:
    """The server object that hooks receive: settings, database, cache, an HTTP client, and other plugins' services.

    `notifications` sends messages to other processes, `events` entries to listeners in this process; `middleware` is
    the plugins', in conf order. `create_app` builds it without I/O; `database`, `cache` and `http` are usable between
    `open` and `close`. `waiting` is true in a server that was started during an outage of the database, until that
    answers and the start is finished.
    """

    def __init__(self, settings: Settings, plugins: PluginSet) -> None:
        self.settings = settings
        self.plugins = plugins
        self.middleware: list[Any] = []
        self.waiting = False
        self.all_plugin_settings = read_plugin_settings(settings, plugins)
        self.sources = _sources(plugins)
        self.database = Database(settings, self.sources)
        self.notifications = Notifications(settings.database_schema)
        self.cache: Cache = open_cache(_secret(settings), settings.cache_ttl)
        self._http: httpx.AsyncClient | None = None
        self.drain = Drain(settings.shutdown_seconds)
        self.request_log = RequestLog(settings.log_format)
        self._shutdown_functions: list[Callable[[], None]] = []
        self.events = Events(self, plugins.listeners(), QueueLimits.from_settings(settings))
        self._services: dict[type, tuple[Plugin, object]] = {}
        self._collect_services()
        for _ in plugins.call("llmring_connect", NoneType, server=self):
            pass
        self._stack = AsyncExitStack()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def pepper(self) -> bytes:
        """The secret from which project ids and key hashes are derived."""
        return self.settings.key_pepper.get_secret_value().encode()

    @property
    def http(self) -> httpx.AsyncClient:
        """The client for outgoing requests, created at first use, since loading certificates is slow."""
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=HTTP_SECONDS, follow_redirects=True)
        return self._http

    @property
    def projects(self) -> Authenticator:
        """The authenticator: a plugin's, or the built-in one for plain keys."""
        plain = PlainKeys(self.pepper, self.service(ReservedKeys, default=None))
        return self.service(Authenticator, default=plain)

    def plugin_settings(self, model: type[SettingsT]) -> SettingsT:
        """Return the settings that a plugin declared with `llmring_settings`.

        Raises:
            StartupError: no enabled plugin declared this model.
        """
        for owned in self.all_plugin_settings.values():
            if type(owned) is model:
                return owned
        raise StartupError(f"{model.__name__} is not the settings model of an enabled plugin")

    @overload
    def service(self, contract: type[ContractT]) -> ContractT: ...

    @overload
    def service(self, contract: type[ContractT], default: DefaultT) -> ContractT | DefaultT: ...

    def service(self, contract: type[Any], default: object = _MISSING) -> Any:
        """Return the provider of a contract.

        Raises:
            StartupError: no enabled plugin provides it and no default is given.
        """
        if contract in self._services:
            return self._services[contract][1]
        if default is _MISSING:
            raise MissingService(contract)
        return default

    def services_of(self, plugin: Plugin) -> list[str]:
        """Return the names of the contracts that a plugin provides."""
        return sorted(contract.__name__ for contract, (owner, _) in self._services.items() if owner is plugin)

    def _collect_services(self) -> None:
        """Collect the plugins' services by contract.

        Raises:
            StartupError: two plugins provide one contract, a provider does not fulfil it, or a plugin needs a service
                of one that is listed later.
        """
        try:
            for plugin, services in self.plugins.call("llmring_services", Mapping, server=self):
                for contract, provider in services.items():
                    check_provider(plugin, contract, provider, self._services.get(contract))
                    self._services[contract] = (plugin, provider)
        except StartupError as error:
            raise explain_order(error, self.plugins, self) from error

    async def open(self, *, lifespans: bool = True) -> None:
        """Open all resources in order; when one fails, those before it are closed.

        Without `lifespans`, the plugins' lifespans are not entered: for commands that need only the database. While the
        database is down, a server with an `OutageService` opens without it, and enters the lifespans later.

        Raises:
            StartupError: a resource cannot be opened; the message names it.
        """
        async with AsyncExitStack() as stack:
            packages = {plugin.package for plugin in self.plugins.plugins}
            stack.enter_context(
                logging_to_stderr(self.settings.log_level, self.settings.log_format, packages, self.request_log)
            )
            stack.push_async_callback(self._close_http)
            stack.push_async_callback(self.cache.close)
            stack.push_async_callback(self.database.close)
            outage = self.service(OutageService, default=None) if lifespans else None
            try:
                await self._open_database()
            except DatabaseDown as error:
                if outage is None:
                    raise
                log.warning("starting without the database: %s", error)
                self.waiting = True
                await stack.enter_async_context(outage.running())
            stack.callback(self.events.close)
            stack.push_async_callback(self._drain_events)  # those of the plugins' lifespans, when they were exited
            stack.push_async_callback(self._finish_tasks)
            stack.enter_context(on_signal(self.begin_shutdown, self.drain))
            if self.waiting:
                later = await stack.enter_async_context(AsyncExitStack())
                await stack.enter_async_context(beside(self._open_later(later), "llmring start"))
            elif lifespans:
                await self._enter_lifespans(stack)
            stack.push_async_callback(self._drain_events)
            self._stack = stack.pop_all()

    async def _open_database(self) -> None:
        await self.database.open()
        await _check_clock(self.database)
        await check_pepper(self.database, self.settings.key_pepper.get_secret_value())
        await check_plugins(self.database, self.plugins.names, self.settings.retired_plugins)

    async def _open_later(self, stack: AsyncExitStack) -> None:
        """Finish a start during an outage once the database answers; when that fails, the process is terminated."""
        try:
            await self._open_database_again()
            await self._enter_lifespans(stack)
            self.waiting = False
        except StartupError as error:
            log.critical("the start cannot be finished, the process ends: %s", error)
            signal.raise_signal(signal.SIGTERM)

    async def _open_database_again(self) -> None:
        """Try to open the database until it answers."""
        while True:
            try:
                return await self._open_database()
            except DatabaseDown as error:
                log.debug("still without the database: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _enter_lifespans(self, stack: AsyncExitStack) -> None:
        await stack.enter_async_context(self.notifications.running(self.database.conninfo))
        for plugin, lifespan in self.plugins.call("llmring_lifespan", AbstractAsyncContextManager, server=self):
            await _enter(stack, plugin, lifespan)
        for message in [*self.plugins.unmarked_hooks(), *unknown_variables(self.all_plugin_settings)]:
            log.warning(message)
        if "*" in self.settings.cors_origins:
            log.warning("LLMRING_CORS_ORIGINS allows every origin (*); list your own in production")
        log.info("serving with plugins: %s", ", ".join(self.plugins.names) or "none")

    async def close(self) -> None:
        """Close everything that `open` opened, in reverse order."""
        await self._stack.aclose()

    def call_hook(self, hook: str, **arguments: object) -> list[Any]:
        """Call a hook that a plugin declared, and return the values of its implementations, in conf order."""
        return [call(**arguments) for _, call in self.plugins.callers(hook)]

    def on_shutdown(self, function: Callable[[], None]) -> None:
        """Register a plain function to call when the process begins to shut down; streams end there."""
        self._shutdown_functions.append(function)

    def begin_shutdown(self) -> None:
        """Call the functions of `on_shutdown`, so that no stream keeps a connection open."""
        self.request_log.stop_buffering()
        self.drain.begin()
        for function in self._shutdown_functions:
            function()

    def create_task(self, work: Any, name: str) -> None:
        """Run a coroutine in the background; it is awaited before the server closes, and a failure is logged."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    def _reap(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("%s failed", task.get_name(), exc_info=task.exception())

    async def _close_http(self) -> None:
        if self._http is not None:
            closing, self._http = self._http, None
            await closing.aclose()

    async def _drain_events(self) -> None:
        await self.events.drain(self.drain.seconds_left)

    async def _finish_tasks(self) -> None:
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=HTTP_SECONDS)
            for task in late:
                task.cancel()


async def _enter(stack: AsyncExitStack, plugin: Plugin, lifespan: Any) -> None:
    try:
        await stack.enter_async_context(lifespan)
    except StartupError:
        raise
    except Exception as error:
        raise StartupError(f"{plugin}: its lifespan failed: {type(error).__name__}: {error}") from error


async def _check_clock(database: Database) -> None:
    try:
        await database.check_clock()
    except WrongClock as error:
        raise StartupError(str(error)) from error


def _secret(settings: Settings) -> str | None:
    return settings.redis_url.get_secret_value() if settings.redis_url else None


def _sources(plugins: PluginSet) -> list[Source]:
    """Return the checked folders of migrations, the host's own first."""
    local: dict[str, list[str]] = {}
    for plugin, table in plugins.call_flat("llmring_local_tables", str):
        local.setdefault(plugin.name, []).append(table)
    found = [Source("core", migrations("core"), bundled=True)]
    for plugin, folder in plugins.call("llmring_migrations", Path):
        found.append(Source(plugin.name, folder, tuple(local.get(plugin.name, ())), bundled=plugin.bundled))
    check(found)
    return found
