"""The test kit for plugins; the tests of llmring-server use the same kit.

Its pytest fixtures are available wherever llmring-server is installed:

- `llmring_shared`: running applications on real sockets, shared by all tests with the same plugins and settings:
  `server = llmring_shared(["usage"])`, then `server.client()`, for a project of this test;
- `llmring_live`: starts an application for this test, for tests that stop it, read whole tables, or patch modules;
- `llmring_database`: settings of a new schema in a real PostgreSQL, dropped after the test;
- `llmring_process`: starts `uvicorn llmring_server.asgi:app` as a separate process;
- `llmring_cli`: runs `llmring-server` as a process: `llmring_cli("plugins", LLMRING_PLUGINS="usage").stdout`;
- `llmring_redis`: a real Redis for this test, which it may stop, hang and start again.

They are in `llmring_server.pytest_plugin`, which imports nothing of the server before one is used.

`fresh_database` is `llmring_database` for fixtures of a wider scope, `make_plugin` makes an ad-hoc plugin,
`make_usage` an entry for `server.usage_recorded`, and `eventually` waits for a condition.
`LLMRING_TEST_DATABASE_URL` is a PostgreSQL to use instead of the bundled one, `LLMRING_TEST_CITUS_URL` a Citus cluster,
on which the tables of all tests are distributed.
"""

from llmring_server.testing.database import fresh_database
from llmring_server.testing.live import LiveServer, live, make_settings
from llmring_server.testing.plugins import eventually, make_plugin, make_usage
from llmring_server.testing.process import ServerProcess
from llmring_server.testing.redis import RedisProcess

__all__ = [
    "LiveServer",
    "RedisProcess",
    "ServerProcess",
    "eventually",
    "fresh_database",
    "live",
    "make_plugin",
    "make_settings",
    "make_usage",
]
