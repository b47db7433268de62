"""The pool of database connections, as psycopg_pool counts it."""

from collections.abc import Callable
from typing import Literal

from llmring_server.contracts.figures import Figure
from llmring_server.database import Database

MILLISECONDS = 1000


def figures(database: Database) -> list[Figure]:
    """Return the figures of a database's pool; they can be read while it is open."""

    def figure(name: str, help_: str, read: str) -> Figure:
        kind: Literal["counter", "gauge"] = "counter" if name.endswith("_total") else "gauge"
        return Figure(name=f"llmring_database_pool_{name}", help=help_, kind=kind, read=_reader(database, read))

    return [
        figure("connections", "Connections to the database.", "pool_size"),
        figure("idle_connections", "Connections that nobody uses.", "pool_available"),
        figure("max_connections", "Connections that the pool may open.", "pool_max"),
        figure("waiting", "Callers that wait for a connection.", "requests_waiting"),
        figure("requests_total", "Connections asked for.", "requests_num"),
        figure("queued_total", "Connections asked for that were not there at once.", "requests_queued"),
        figure("timeouts_total", "Connections asked for that did not come in time.", "requests_errors"),
        figure("connects_total", "Attempts to connect to the database.", "connections_num"),
        figure("connect_errors_total", "Attempts to connect that failed.", "connections_errors"),
        figure("lost_total", "Connections that were found broken.", "connections_lost"),
        Figure(
            name="llmring_database_pool_wait_seconds_total",
            help="Seconds waited for connections.",
            kind="counter",
            read=lambda: database.pool.get_stats().get("requests_wait_ms", 0) / MILLISECONDS,
        ),
    ]


def _reader(database: Database, name: str) -> Callable[[], int]:
    return lambda: database.pool.get_stats().get(name, 0)
