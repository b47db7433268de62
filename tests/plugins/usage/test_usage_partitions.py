"""Partitions exist when an entry needs one, also if another process creates or drops them at the same time."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from llmring_usage.tables.partitions import Partitions, month_of, next_month

pytestmark = pytest.mark.own_server

SERVERS = 4


def partitions(server):
    """Return the partitions of usage_logs, by name."""
    found = server.rows(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'usage_logs'::regclass"
    )
    return {one["name"] for one in found}


def partition_of(month):
    return "usage_logs_{}_{:02}".format(*month)


def partition_holding(server, timestamp):
    rows = server.rows("SELECT tableoid::regclass::text AS name FROM usage_logs WHERE occurred_at = %s", [timestamp])
    return [one["name"] for one in rows]


def test_partitions_of_this_month_and_the_next_two_are_created(usage):
    month = month_of(datetime.now(UTC))
    ahead = [month, next_month(month), next_month(next_month(month))]
    assert partitions(usage) == {"usage_logs_before_2020", *map(partition_of, ahead)}


@pytest.mark.parametrize(
    ("timestamp", "partition"),
    [
        ("2023-11-05T10:00:00Z", "usage_logs_2023_11"),
        ("2024-02-29T23:59:59.999999Z", "usage_logs_2024_02"),
        ("2024-03-01T00:00:00Z", "usage_logs_2024_03"),
        ("2024-12-31T23:59:59.999999Z", "usage_logs_2024_12"),
        ("2024-03-01T00:30:00+01:00", "usage_logs_2024_02"),
        ("2020-01-01T00:00:00Z", "usage_logs_2020_01"),
        ("2019-12-31T23:59:59.999999Z", "usage_logs_before_2020"),
        ("1970-01-01T00:00:00Z", "usage_logs_before_2020"),
    ],
)
def test_an_entry_is_in_the_partition_of_its_month(usage, log, timestamp, partition):
    log(usage.client(), timestamp=timestamp)
    assert partition_holding(usage, timestamp) == [partition]


def test_a_batch_creates_the_partition_of_each_of_its_months(usage):
    moments = [f"2022-{month:02}-15T12:00:00Z" for month in (3, 11, 7, 1, 7)]
    call = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1, "output_tokens": 1, "cost": 0}
    usage.client().post("/api/v1/log/batch", json=[{**call, "timestamp": moment} for moment in moments])
    assert {found for moment in moments for found in partition_holding(usage, moment)} == {
        f"usage_logs_2022_{month:02}" for month in (1, 3, 7, 11)
    }


def test_a_dropped_partition_is_created_again(usage, log):
    log(usage.client(), timestamp="2024-05-01T10:00:00Z")
    usage.run(usage.server.database.execute("DROP TABLE usage_logs_2024_05"))
    log(usage.client(), timestamp="2024-05-02T10:00:00Z")
    assert partition_holding(usage, "2024-05-02T10:00:00Z") == ["usage_logs_2024_05"]


def test_a_batch_over_dropped_and_existing_partitions_is_stored_once(usage):
    client = usage.client()
    batch = [
        {
            "provider": "p",
            "model": "m",
            "input_tokens": 1,
            "timestamp": f"2024-{month:02}-10T00:00:00Z",
            "idempotency_key": f"k{month}",
        }
        for month in range(1, 13)
    ]
    client.post("/api/v1/log/batch", json=batch[:6])
    usage.run(usage.server.database.execute("DROP TABLE usage_logs_2024_03"))
    found = client.post("/api/v1/log/batch", json=batch).json()
    assert (found["accepted"], found["duplicates"]) == (6, 6)
    again = client.post("/api/v1/log/batch", json=[{**one, "idempotency_key": "n" + one["timestamp"]} for one in batch])
    assert again.json()["accepted"] == 12


def test_partitions_have_the_key_of_their_table(usage, log):
    log(usage.client(), timestamp="2024-05-01T10:00:00Z")
    (index,) = usage.rows(
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'usage_logs_2024_05' AND indexdef LIKE '% UNIQUE %'"
    )
    assert index["indexdef"].endswith("(project_id, occurred_at, id)")


def test_four_servers_that_need_the_same_months_create_each_once(llmring_live):
    servers = [llmring_live(["usage"], usage={"write_timeout": 10}) for _ in range(SERVERS)]
    clients = [server.client() for server in servers]
    batch = [
        {"provider": "p", "model": "m", "input_tokens": 1, "timestamp": f"2022-{month:02}-15T00:00:00Z"}
        for month in range(1, 13)
    ]
    with ThreadPoolExecutor(SERVERS) as pool:
        orders = [batch, batch[::-1], batch[6:] + batch[:6], batch[::2] + batch[1::2]]
        answers = list(pool.map(lambda to, what: to.post("/api/v1/log/batch", json=what), clients, orders))
    assert [answer.json()["accepted"] for answer in answers] == [12] * SERVERS
    assert {f"usage_logs_2022_{month:02}" for month in range(1, 13)} <= partitions(servers[0])


def test_servers_that_start_together_on_an_empty_schema_all_start(llmring_live):
    with ThreadPoolExecutor(SERVERS) as pool:
        servers = list(pool.map(lambda _: llmring_live(["usage"]), range(SERVERS)))
    assert len(partitions(servers[0])) == 4


def test_upcoming_partitions_cross_the_turn_of_the_year(usage):
    usage.run(Partitions(usage.server.database).create_upcoming(datetime(2031, 12, 15, tzinfo=UTC)))
    assert {"usage_logs_2031_12", "usage_logs_2032_01", "usage_logs_2032_02"} <= partitions(usage)


def test_reads_continue_while_a_partition_is_created(usage, log):
    client = usage.client()
    log(client)

    async def read_while_made():
        database = usage.server.database
        async with database.transaction() as reading:
            await reading.execute("SELECT count(*) FROM usage_logs")
            await asyncio.to_thread(log, client, timestamp="2021-07-01T00:00:00Z")

    usage.run(read_while_made())
    assert partition_holding(usage, "2021-07-01T00:00:00Z") == ["usage_logs_2021_07"]
