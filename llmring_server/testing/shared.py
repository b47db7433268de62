"""Running servers that tests share, each test with its own projects."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from llmring_server.plugins.manager import Plugin
from llmring_server.testing.database import fresh_database
from llmring_server.testing.live import LiveServer, live, make_settings

MAX_SERVERS = 4


class SharedServers:
    """Servers by plugins and settings, each started at first use.

    At most `MAX_SERVERS` stay between tests; the least recently used is stopped first, the others at the end.
    """

    def __init__(self, postgres: str) -> None:
        self._postgres = postgres
        self._running: dict[str, tuple[LiveServer, ExitStack]] = {}

    def __enter__(self) -> "SharedServers":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_all_but(0)

    @contextmanager
    def lend_servers(self) -> Iterator[Callable[..., LiveServer]]:
        """Yield a function that returns servers for one test: plugins, then settings, as for `llmring_live`."""
        suffix = f"-{uuid.uuid4().hex[:12]}"
        with ExitStack() as stack:

            def lend(plugins: Iterable[str | Plugin], **given: Any) -> LiveServer:
                lent = self._get(tuple(plugins), given).with_keys(suffix)
                stack.callback(lent.close)
                return lent

            yield lend
        self._stop_all_but(MAX_SERVERS)

    def _get(self, plugins: tuple[str | Plugin, ...], given: dict[str, Any]) -> LiveServer:
        """Return the running server of these plugins and settings, and mark it as most recently used."""
        named = [item if isinstance(item, str) else id(item.implementation) for item in plugins]
        name = repr((named, sorted(given.items())))
        if name in self._running:
            self._running[name] = self._running.pop(name)
        else:
            self._running[name] = self._start(plugins, given)
        return self._running[name][0]

    def _start(self, plugins: tuple[str | Plugin, ...], given: dict[str, Any]) -> tuple[LiveServer, ExitStack]:
        with ExitStack() as stack:
            database = stack.enter_context(fresh_database(self._postgres))
            server = stack.enter_context(live(make_settings(database, **given), plugins))
            return server, stack.pop_all()

    def _stop_all_but(self, count: int) -> None:
        while len(self._running) > count:
            _, stack = self._running.pop(next(iter(self._running)))
            stack.close()
