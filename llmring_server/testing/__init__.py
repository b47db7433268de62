"""What a plugin's author needs to test a plugin; our own tests use nothing else.

Its pytest fixtures are there as soon as llmring-server is installed:

- `llmring_shared`: lends running applications on real sockets, shared by all tests that ask for the same plugins and
  settings: `server = llmring_shared(["usage"])`, then `server.client()`, which speaks for a project of the test's own;
- `llmring_live`: starts an application of the test's own, for tests that stop it, read whole tables, or change how
  modules work;
- `llmring_database`: settings of a fresh schema in a real PostgreSQL, dropped after the test;
- `llmring_process`: starts `uvicorn llmring_server.asgi:app` as a process of its own, for what only a process can show;
- `llmring_cli`: runs `llmring-server` as a process: `llmring_cli("plugins", LLMRING_PLUGINS="usage").stdout`;
- `llmring_redis`: a real Redis of the test's own, which it may stop, hang and start again.

They live in `llmring_server.pytest_plugin`, which imports nothing of the server before one is used.

`fresh_database` gives what `llmring_database` does to fixtures that outlive one test, `make_plugin` makes a plugin on
the spot, `make_usage` an entry for `server.usage_recorded`, and `eventually` waits for what takes a moment.
`LLMRING_TEST_DATABASE_URL` names a PostgreSQL to use instead of the bundled one, `LLMRING_TEST_CITUS_URL` a Citus
cluster, on which every test then runs distributed.
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
