"""What a plugin's author needs to test a plugin; our own tests use nothing else.

Registered as a pytest plugin, so its fixtures are there as soon as llmring-server is installed:

- `llmring_database`: settings of a fresh schema in a real PostgreSQL, dropped after the test;
- `llmring_live`: starts applications on real sockets: `server = llmring_live(["usage"])`, then `server.client("key")`;
- `llmring_process`: starts `uvicorn llmring_server.asgi:app` as a process of its own, for what only a process can show;
- `llmring_cli`: runs `llmring-server` as a process: `llmring_cli("plugins", LLMRING_PLUGINS="usage").stdout`;
- `llmring_redis`: a real Redis of the test's own, which it may stop, hang and start again.

`fresh_database` gives what `llmring_database` does to fixtures that outlive one test, `make_plugin` makes a plugin on
the spot, `make_usage` an entry for `server.usage_recorded`, and `eventually` waits for what takes a moment.
`LLMRING_TEST_DATABASE_URL` names a PostgreSQL to use instead of the bundled one, `LLMRING_TEST_CITUS_URL` a Citus
cluster, on which every test then runs distributed.
"""

from llmring_server.testing.command import llmring_cli
from llmring_server.testing.database import fresh_database, llmring_database, llmring_postgres
from llmring_server.testing.live import LiveServer, live, llmring_live, make_settings
from llmring_server.testing.plugins import eventually, make_plugin, make_usage
from llmring_server.testing.process import ServerProcess, llmring_process
from llmring_server.testing.redis import RedisProcess, llmring_redis

__all__ = [
    "LiveServer",
    "RedisProcess",
    "ServerProcess",
    "eventually",
    "fresh_database",
    "live",
    "llmring_cli",
    "llmring_database",
    "llmring_live",
    "llmring_postgres",
    "llmring_process",
    "llmring_redis",
    "make_plugin",
    "make_settings",
    "make_usage",
]
