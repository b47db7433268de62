"""Metrics of the database connection pool, from psycopg_pool's statistics."""

from collections.abc import Callable
from typing import Literal

from llmring_server.contracts.metrics import Metric
from llmring_server.database import Database

MILLISECONDS = 1000


def build_pool_metrics(database: Database) -> list[Metric]:
    """Return the metrics of a database's pool, readable while it is open."""

    def figure(name: str, help_: str, read: str) -> Metric:
        kind: Literal["counter", "gauge"] = "counter" if name.endswith("_total") else "gauge"
        return Metric(name=f"llmring_database_pool_{name}", help=help_, kind=kind, read=_reader(database, read))

    return [
        figure("connections", "Connections to the database.", "pool_size"),
        figure("idle_connections", "Idle connections.", "pool_available"),
        figure("max_connections", "Maximum size of the pool.", "pool_max"),
        figure("waiting", "Callers waiting for a connection.", "requests_waiting"),
        figure("requests_total", "Connections requested.", "requests_num"),
        figure("queued_total", "Connection requests that had to wait.", "requests_queued"),
        figure("timeouts_total", "Connection requests that timed out.", "requests_errors"),
        figure("connects_total", "Attempts to connect to the database.", "connections_num"),
        figure("connect_errors_total", "Failed attempts to connect to the database.", "connections_errors"),
        figure("lost_total", "Connections found broken.", "connections_lost"),
        Metric(
            name="llmring_database_pool_wait_seconds_total",
            help="Seconds spent waiting for connections.",
            kind="counter",
            read=lambda: database.pool.get_stats().get("requests_wait_ms", 0) / MILLISECONDS,
        ),
    ]


def _reader(database: Database, name: str) -> Callable[[], int]:
    return lambda: database.pool.get_stats().get(name, 0)
