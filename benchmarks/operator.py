"""The operator's view of many projects: a page of them, and the sums of all by one dimension."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg

from benchmarks.database import WRITTEN
from benchmarks.measure import Case, Request
from benchmarks.seed import prepare
from llmring_usage.tables.combinations import ROLLUPS

PROJECTS = 10_000
DAYS = 30
TOKEN = "a-token-of-the-operator"
SETTINGS = {"LLMRING_OPERATOR_TOKEN": TOKEN}
GOAL = "p50 ≤ 300 ms"

# Per project and day one call, each project at its own time of day.
ROWS: LiteralString = """
    INSERT INTO usage_logs (
        project_id, occurred_at, id, received_at, provider, model, alias, profile, origin, input_tokens, output_tokens,
        cached_input_tokens, fresh_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
        cache_write_tokens, reasoning_tokens, cost, cost_status, status, latency_ms
    )
    SELECT 'prj_' || project, %(start)s + day * interval '1 day' + project * interval '8 seconds', gen_random_uuid(),
        now(), 'openai', 'model-' || project %% 10, 'fast', 'default', 'web', 1200, 250, 300, 900, 300, 0, 0, 0, 0,
        0.0001 * (project %% 100), 'priced', 'success', 100 + project %% 900
    FROM generate_series(1, %(projects)s) AS project CROSS JOIN generate_series(0, %(days)s - 1) AS day
"""
CALLS: LiteralString = "(SELECT * FROM usage_logs WHERE project_id LIKE 'prj\\_%%') AS logs"


def cases(url: str) -> list[Case]:
    """Store the calls of 10,000 projects in the last 30 days, and return the lines of the table."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight - timedelta(days=DAYS)
    asyncio.run(prepare(url, start, midnight, WRITTEN))
    params = {"start": start, "projects": PROJECTS, "days": DAYS}
    options = f"-c search_path={WRITTEN} -c timezone=UTC -c work_mem=256MB"
    with psycopg.connect(url, autocommit=True, options=options) as connection:
        connection.execute(ROWS, params)
        for rollup in ROLLUPS:
            rows = rollup.select_rows(CALLS)
            connection.execute(rollup.upsert(rows, "%(slot)s"), {"zone": "UTC", "tags": [], "slot": 0})
        connection.execute("VACUUM (ANALYZE) usage_logs, usage_daily, usage_quarters, usage_combinations")
    authorized = (f"Authorization: Bearer {TOKEN}",)
    named = f"30 days, {PROJECTS:,} projects"
    return [
        Case(f"GET /operator/projects, {named}", Request("/api/v1/operator/projects", authorized), 1, GOAL),
        Case(f"GET /operator/stats by model, {named}", Request("/api/v1/operator/stats?by=model", authorized), 1),
        Case(f"GET /operator/stats by project, {named}", Request("/api/v1/operator/stats?by=project", authorized), 1),
    ]
