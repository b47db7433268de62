"""An application on a real socket, in a thread of the test process."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import httpx
import uvicorn

from llmring_server.app import compose, mount_app
from llmring_server.contracts import RecordedUsage
from llmring_server.http.middleware.authentication import project_id
from llmring_server.plugins.manager import Plugin
from llmring_server.server import Server
from llmring_server.serving.connection import LimitedConnection
from llmring_server.settings import Settings
from llmring_server.testing.answers import AnswerCheck

START_SECONDS = 60.0
POLL_SECONDS = 0.005
T = TypeVar("T")


class LiveServer:
    """A running application: its URL, its clients, and its server object."""

    def __init__(
        self, server: Server, url: str, loop: asyncio.AbstractEventLoop, answers: AnswerCheck, suffix: str = ""
    ) -> None:
        self.server = server
        self._answers = answers
        self.url = url
        self._loop = loop
        self._suffix = suffix
        self._clients = ExitStack()

    def with_keys(self, suffix: str) -> "LiveServer":
        """Return the same server with `suffix` on every project key, and separate clients."""
        found = LiveServer(self.server, self.url, self._loop, self._answers, suffix)
        self._clients.callback(found.close)
        return found

    def key(self, name: str = "test-project") -> str:
        """Return the project key of `client(name)`: the name, with a suffix of the test on a shared server."""
        return name + self._suffix

    def client(self, key: str | None = "test-project", **headers: str) -> httpx.Client:
        """Return an HTTP client that sends the project key of this name, or no key for None."""
        sent = {**({"X-Project-Key": self.key(key)} if key else {}), **headers}
        return self._clients.enter_context(httpx.Client(base_url=self.url, headers=sent, timeout=30))

    def run(self, work: Coroutine[Any, Any, T], seconds: float = START_SECONDS) -> T:
        """Run a coroutine on the server's event loop for a limited time and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def rows(self, query: str, params: Any = None) -> list[dict[str, Any]]:
        """Return the rows of a statement, run by the server's database object."""
        return self.run(self.server.database.fetch(query, params))

    def project_id(self, key: str = "test-project") -> str:
        """Return the project id of `client(key)`."""
        return project_id(self.key(key), self.server.settings.key_pepper.get_secret_value().encode())

    def usage_recorded(self, *entries: RecordedUsage) -> None:
        """Publish the event `llmring_usage_recorded`, and return when its listeners have finished."""
        self.run(self.server.events.deliver("llmring_usage_recorded", entries))

    def close(self) -> None:
        """Close the clients.

        Raises:
            AssertionError: an answer was not of the type that its operation declares.
        """
        self._clients.close()
        self._answers.report()


@contextmanager
def live(settings: Settings, plugins: Iterable[str | Plugin] | None = None) -> Iterator[LiveServer]:
    """Serve an application on a free port of the loopback interface, with its whole lifespan.

    At the end, every answer that was not of the type that its operation declares is an AssertionError.

    Raises:
        StartupError: as `create_app` or the lifespan does.
    """
    server, routes = compose(settings, plugins)
    answers = AnswerCheck(routes)
    server.middleware.append(answers)
    served = _ThreadedServer(
        uvicorn.Config(
            mount_app(server, routes), http=LimitedConnection, lifespan="off", log_config=None, access_log=False
        )
    )
    # With an explicit protocol asyncio disables Nagle's algorithm, which delays each response by 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=served.main, args=(server, listener), name="llmring live", daemon=True)
        thread.start()
        try:
            loop = served.wait_until_up()
            running = LiveServer(server, f"http://127.0.0.1:{listener.getsockname()[1]}", loop, answers)
            with contextlib.closing(running):
                yield running
        finally:
            served.end(server)
            thread.join(START_SECONDS)


class _ThreadedServer(uvicorn.Server):
    """uvicorn in a thread: opens our server before serving, and reports a failure to the waiting thread.

    It stops without uvicorn's pauses, which take 0.2 s for each of a thousand servers.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._up = threading.Event()
        self._ended = asyncio.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def main(self, server: Server, listener: socket.socket) -> None:
        """Run until `end` is called."""
        asyncio.run(self._main(server, listener))

    def wait_until_up(self) -> asyncio.AbstractEventLoop:
        """Return the event loop once requests are served, or raise the failure."""
        if not self._up.wait(START_SECONDS):
            raise TimeoutError(f"the application is not up after {START_SECONDS} s")
        if self._failure is not None:
            raise self._failure
        assert self._loop is not None
        return self._loop

    def end(self, server: Server) -> None:
        """Begin to exit, as a signal does in a separate process."""
        self.should_exit = True
        if self._loop is not None and self._failure is None:
            self._loop.call_soon_threadsafe(server.begin_shutdown)
            self._loop.call_soon_threadsafe(self._ended.set)

    async def main_loop(self) -> None:
        """Return after `end`; the date in responses is updated each second, as uvicorn does."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the listener and idle connections, and wait for the responses of the others."""
        for listener in self.servers:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110  # uvicorn signals no end
            await asyncio.sleep(POLL_SECONDS)

    async def _main(self, server: Server, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            await server.open()
        except BaseException as error:
            self._failure = error
            self._up.set()
            return
        try:
            self._up.set()
            await self.serve([listener])
        finally:
            await server.close()


@contextmanager
def live_servers(database: Mapping[str, Any]) -> Iterator[Callable[..., LiveServer]]:
    """Yield a function that starts applications on a database; see the fixture `llmring_live`."""
    with ExitStack() as stack:

        def start(plugins: Iterable[str | Plugin], **given: Any) -> LiveServer:
            return stack.enter_context(live(make_settings(database, **given), plugins))

        yield start
    logging.getLogger("llmring_server").setLevel(logging.NOTSET)


def make_settings(database: Mapping[str, Any], **given: Any) -> Settings:
    """Return the host's settings for a test: the database fixture's and `given`, with dicts as plugins' tables."""
    tables = {name: value for name, value in given.items() if isinstance(value, dict)}
    own = {name: value for name, value in given.items() if not isinstance(value, dict)}
    if "database_url" in own:  # the test's own database is not a Citus cluster, even if the fixture's is
        own.setdefault("database_distribute", False)
    return Settings(
        **{"cors_origins": ("http://localhost:5173",), "log_level": "warning", **database, **own}, tables=tables
    )
