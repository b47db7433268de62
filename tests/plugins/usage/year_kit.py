"""A server with a year of calls, for the tests of query plans."""

import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from llmring_server.testing import live, make_settings
from llmring_usage.maintenance.audit import Audit

ROWS = 20_000
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
MONTHS = [f"2025-{month:02}" for month in range(1, 13)]
SEED = """
    INSERT INTO usage_logs (
        project_id, occurred_at, id, received_at, provider, model, alias, profile, origin, input_tokens, output_tokens,
        cached_input_tokens, fresh_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
        cache_write_tokens, reasoning_tokens, cost, cost_status, status, metadata
    )
    SELECT %(project)s, %(first)s::timestamptz + n * interval '1 second' * %(apart)s, gen_random_uuid(), now(),
        'openai', 'm' || n %% 10, 'a' || n %% 7, 'default', 'o' || n %% 3, 10, 1, 0, 10, 0, 0, 0, 0, 0, 0.001, 'priced',
        'success', json_build_object('text', repeat('x', 1000))
    FROM generate_series(1, %(rows)s) AS n
"""


@contextmanager
def year_of_calls(url):
    """Serve 20,000 calls of one project over the months of 2025, and as many of ten others."""
    schema = f"test_{uuid.uuid4().hex[:16]}"
    database = {"database_url": url, "database_schema": schema, "database_pool_size": 4}
    given = make_settings({**database, "database_pool_overflow": 0}, usage={"timezone": "UTC"})
    with live(given, ["usage"]) as server:
        client = server.client()
        batch = [
            {
                "provider": "p",
                "model": f"m{day % 5}",
                "input_tokens": 0,
                "latency_ms": day,
                "timestamp": f"{month}-{day:02}T{day % 24:02}:30:00Z",
            }
            for month in MONTHS
            for day in range(1, 29)
        ]
        assert client.post("/api/v1/log/batch", json=batch).json()["accepted"] == len(batch)
        (own,) = server.rows("SELECT DISTINCT project_id FROM usage_logs")
        year = 364 * 86_400
        for project in (own["project_id"], *(f"prj_{number}" for number in range(10))):
            rows = ROWS if project == own["project_id"] else ROWS // 10
            params = {"project": project, "first": FIRST, "apart": year // rows, "rows": rows}
            server.run(server.server.database.execute(SEED, params))
        server.run(server.server.database.execute("ANALYZE usage_logs"))
        server.run(repair(Audit(server.server.database, ZoneInfo("UTC"))), seconds=300)
        for table in ("usage_logs", "usage_daily", "usage_quarters", "usage_latencies"):
            server.run(server.server.database.execute(f"VACUUM ANALYZE {table}"))
        server.project = own["project_id"]
        yield server
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


async def repair(audit):
    return [finding async for finding in audit.repair()]
