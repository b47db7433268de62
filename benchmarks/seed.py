"""`python -m benchmarks.seed`: fill a database with 10 k, 1 M and 10 M calls per project and rollups, in minutes.

PostgreSQL generates the rows, with one connection per core. The rollups, the hours of aliases and the months of
latencies are computed with the server's own statements, so that no server has to do so while it is measured. Existing
rows are not changed, so a seeded folder can be used again.
"""

import argparse
import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import psycopg

from benchmarks.database import SEEDED, postgres, settings_for
from benchmarks.scales import SHAPES, Scale, Span, first_month, months, scales, spans
from llmring_server.app import compose
from llmring_server.database import Database
from llmring_server.http.middleware.authentication import project_id
from llmring_usage.maintenance.combination_fill import CombinationFill
from llmring_usage.tables.alias_hours import AliasHours
from llmring_usage.tables.combinations import ROLLUPS
from llmring_usage.tables.latency_months import LatencyMonths
from llmring_usage.tables.partitions import Partitions, month_of
from llmring_usage.tables.state import DROPPED_BEFORE

NAMES_PER_DAY = 10_000
PROVIDERS = ("openai", "anthropic", "google")

ROWS: LiteralString = """
    INSERT INTO usage_logs (
        project_id, occurred_at, id, received_at, provider, model, alias, profile, origin, id_at_origin,
        input_tokens, output_tokens, cached_input_tokens,
        fresh_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_write_tokens,
        reasoning_tokens, cost, cost_source, cost_status, computed_cost, priced_as, registry_version, price,
        latency_ms, status
    )
    SELECT %(project)s, at, gen_random_uuid(), at, provider, provider || '-model-' || model,
        'alias-' || (n / %(models)s) %% %(aliases)s, 'default', 'app-' || n / (%(models)s * %(aliases)s),
        'conversation-' || (i / 8)::text,
        fresh + cached, output, cached, fresh, cached, 0, 0, 0, 0,
        (fresh * 0.15 + cached * 0.075 + output * 0.6) / 1000000, 'registry', 'priced',
        (fresh * 0.15 + cached * 0.075 + output * 0.6) / 1000000, provider || ':' || provider || '-model-' || model,
        'openai.7-anthropic.9-google.5-e8bd8557',
        '{"registry_version":"openai.7-anthropic.9-google.5-e8bd8557","input":0.15,"output":0.6,"cached_input":0.075}',
        latency, CASE WHEN luck < 0.01 THEN 'error' ELSE 'success' END
    FROM (
        SELECT i, n, at, luck, fresh, cached, output, latency, n %% %(models)s AS model,
            (%(providers)s::text[])[1 + (n %% %(models)s) %% 3] AS provider
        FROM (
            SELECT i, floor(%(combinations)s * random() * random())::integer AS n,
                %(start)s::timestamptz + %(span)s::interval * ((i + random()) / %(rows)s) AS at,
                random() AS luck,
                floor(200 + 3000 * random())::bigint AS fresh,
                CASE WHEN random() < 0.3 THEN floor(2000 * random())::bigint ELSE 0 END AS cached,
                floor(20 + 900 * random())::bigint AS output,
                round((exp(5 + 3 * random() * random()))::numeric, 1) AS latency
            FROM generate_series(0, %(rows)s - 1) AS i
        ) AS drawn
    ) AS named
"""
SEEN: LiteralString = """
    SELECT EXISTS (
        SELECT FROM usage_logs WHERE project_id = %(project)s AND occurred_at >= %(start)s AND occurred_at < %(end)s
    )
"""
SUMMED: LiteralString = """
    SELECT EXISTS (
        SELECT FROM usage_daily
        WHERE project_id = %(project)s AND day >= (%(start)s::timestamptz)::date AND day < (%(end)s::timestamptz)::date
    )
"""
MONTH: LiteralString = """
    WITH fresh AS (
        SELECT * FROM usage_logs WHERE project_id = %(project)s AND occurred_at >= %(start)s AND occurred_at < %(end)s
    )
"""


def seed(url: str, wanted: Iterable[Scale]) -> None:
    """Fill the schema `SEEDED` of a database with every missing scale."""
    wanted = list(wanted)
    end = _end(url)
    asyncio.run(prepare(url, first_month(end), end))
    with connect(url) as connection:
        connection.execute("DELETE FROM usage_facts WHERE name = %s", [DROPPED_BEFORE])
    began = monotonic()
    jobs = [(scale, span) for scale in wanted for span in spans(scale, end) if span.rows]
    _each(url, _fill, jobs)
    print(f"rows after {monotonic() - began:.0f} s", flush=True)
    stretches = [(scale, Span(*month, 0)) for scale in wanted for month in months(first_month(end), end)]
    _each(url, _sum_up, stretches)
    print(f"rollups after {monotonic() - began:.0f} s", flush=True)
    asyncio.run(_add_up(url))
    print(f"hours and months after {monotonic() - began:.0f} s", flush=True)
    with connect(url) as connection:
        connection.execute(
            "VACUUM (ANALYZE) usage_logs, usage_daily, usage_quarters, usage_latencies, usage_combinations,"
            " usage_alias_hours, usage_latency_months"
        )
        connection.execute("CHECKPOINT")
    print(f"vacuum after {monotonic() - began:.0f} s", flush=True)


def connect(url: str) -> "psycopg.Connection[Any]":
    """Return a connection in autocommit mode to the seeded schema."""
    options = f"-c search_path={SEEDED} -c timezone=UTC -c synchronous_commit=off -c work_mem=256MB"
    return psycopg.connect(url, autocommit=True, options=options)


async def prepare(url: str, start: datetime, end: datetime, schema: str = SEEDED) -> None:
    """Migrate, create every month's partition, and let a new database have complete sums by combination."""
    async with _database(url, schema) as database:
        await CombinationFill(database, ZoneInfo("UTC"), (), NAMES_PER_DAY).begin()
        await Partitions(database).ensure([month_of(month) for month, _ in months(start, end)])


async def _add_up(url: str) -> None:
    """Run the server's maintenance of alias hours and latency months."""
    now = datetime.now(UTC)
    async with _database(url) as database:
        await AliasHours(database).refresh(now)
        await LatencyMonths(database, ZoneInfo("UTC")).refresh(now.date())


@asynccontextmanager
async def _database(url: str, schema: str = SEEDED) -> AsyncIterator[Database]:
    server, _ = compose(settings_for(url, schema))
    await server.database.open()
    try:
        yield server.database
    finally:
        await server.database.close()


def _end(url: str) -> datetime:
    """Return the midnight at which the calls end: today's, or that of an earlier seed."""
    with connect(url) as connection:
        made = connection.execute("SELECT to_regclass('usage_daily')").fetchone()
    latest = last_day(url) if made and made[0] else None
    return latest + timedelta(days=1) if latest else datetime.combine(datetime.now(UTC), time(), UTC)


def last_day(url: str) -> datetime | None:
    """Return the last day that has calls, or None before the first seed."""
    with connect(url) as connection:
        found = connection.execute("SELECT max(day) FROM usage_daily").fetchone()
    return datetime.combine(found[0], time(), UTC) if found and found[0] else None


def _each(url: str, work: Callable[[str, Scale, Span], None], jobs: Iterable[tuple[Scale, Span]]) -> None:
    """Run the jobs with one connection per core; when one fails, or on Ctrl-C, no further one starts."""
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        for done in [pool.submit(work, url, scale, span) for scale, span in jobs]:
            done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _fill(url: str, scale: Scale, span: Span) -> None:
    models, aliases, _ = SHAPES[scale.combinations]
    params = {
        "project": project_id(scale.key, b""), "start": span.start, "end": span.end, "span": span.end - span.start,
        "rows": span.rows, "combinations": scale.combinations, "models": models, "aliases": aliases,
        "providers": list(PROVIDERS),
    }  # fmt: skip
    with connect(url) as connection:
        if not _exists(connection, SEEN, params):
            connection.execute(ROWS, params)


def _sum_up(url: str, scale: Scale, span: Span) -> None:
    params = {
        "project": project_id(scale.key, b""),
        "start": span.start,
        "end": span.end,
        "zone": "UTC",
        "tags": [],
        "slot": 0,
    }
    with connect(url) as connection:
        if not _exists(connection, SUMMED, params):
            with connection.transaction():
                for rollup in ROLLUPS:
                    connection.execute(MONTH + rollup.upsert(rollup.select_rows("fresh"), "%(slot)s"), params)


def _exists(connection: "psycopg.Connection[Any]", query: LiteralString, params: dict[str, Any]) -> bool:
    found = connection.execute(query, params).fetchone()
    return bool(found and found[0])


def main() -> None:
    """Parse the command line and seed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.seed", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the bundled PostgreSQL; not deleted")
    parser.add_argument("--rows", type=int, default=10_000_000, help="calls of the largest project")
    options = parser.parse_args()
    with postgres(options.data) as url:
        seed(url, scales(options.rows))


if __name__ == "__main__":
    main()
