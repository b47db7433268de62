"""Many writers in several processes: sums exact to the last decimal."""

import asyncio
import random
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import msgspec
import pytest

PROCESSES = 4
WRITERS = 50
ENTRIES = 40
COMBINATIONS = [(f"model-{number % 5}", f"alias-{number % 4}") for number in range(20)]

encode = msgspec.json.Encoder(decimal_format="number").encode


@pytest.fixture
def four_processes(llmring_process):
    """Start four servers on one database at once."""

    def start(**environment):
        given = {"LLMRING_PLUGINS": "usage", "LLMRING_LOG_LEVEL": "warning", **environment}
        started = [llmring_process("--no-access-log", **given) for _ in range(PROCESSES)]
        with ThreadPoolExecutor(PROCESSES) as pool:
            return list(pool.map(lambda process: process.wait_until_up(), started))

    return start


def entry(chance):
    model, alias = chance.choice(COMBINATIONS)
    cost = None if chance.random() < 0.1 else Decimal(chance.randrange(10**9)).scaleb(-chance.randrange(6, 13))
    return {
        "provider": "openai",
        "model": model,
        "alias": alias,
        "input_tokens": chance.randrange(10**6),
        "output_tokens": chance.randrange(10**4),
        "cost": cost,
        "latency_ms": chance.randrange(1, 5000),
        "timestamp": f"2026-03-0{chance.randrange(1, 4)}T12:00:00Z",
    }


def write(processes, written):
    """Send entries from many writers at once, each over one of the processes: half of them alone, half in a batch."""

    async def writer(client, number):
        chance = random.Random(number)
        url = processes[number % len(processes)].url
        entries = [entry(chance) for _ in range(ENTRIES)]
        half = ENTRIES // 2
        for one in entries[:half]:
            await send(client, f"{url}/api/v1/log", one)
        await send(client, f"{url}/api/v1/log/batch", entries[half:])
        written.extend(entries)

    async def send(client, url, body):
        answer = await client.post(url, content=encode(body), headers={"Content-Type": "application/json"})
        assert answer.status_code == 200, answer.text

    async def all_writers():
        async with httpx.AsyncClient(headers={"X-Project-Key": "test-project"}, timeout=30) as client:
            await asyncio.gather(*(writer(client, number) for number in range(WRITERS)))

    asyncio.run(all_writers())


def expected(entries):
    """Sum entries by model and by alias."""
    sums = defaultdict(Counter)
    for one in entries:
        for kind, name in (("provider_model", f"openai:{one['model']}"), ("alias", one["alias"])):
            sums[kind, name].update(
                requests=1,
                input_tokens=one["input_tokens"],
                output_tokens=one["output_tokens"],
                cost=one["cost"] or Decimal(0),
                unpriced_requests=int(one["cost"] is None),
            )
    return {named: dict(sum_) for named, sum_ in sums.items()}


@pytest.mark.slow
@pytest.mark.parametrize("slots", [1, 4])
def test_the_sums_of_fifty_writers_in_four_processes_are_exact(four_processes, llmring_live, slots):
    processes = four_processes(LLMRING_USAGE_ROLLUP_SLOTS=str(slots))
    written = []
    write(processes, written)
    server = llmring_live(["usage"])
    for rollup in ("usage_daily", "usage_quarters"):
        rows = server.rows(
            "SELECT kind, name, sum(requests)::bigint AS requests, sum(input_tokens)::bigint AS input_tokens,"
            " sum(output_tokens)::bigint AS output_tokens, sum(cost) AS cost,"
            f" sum(unpriced_requests)::bigint AS unpriced_requests FROM {rollup}"
            " WHERE kind IN ('provider_model', 'alias') GROUP BY kind, name"
        )
        assert {(row.pop("kind"), row.pop("name")): row for row in rows} == expected(written)
    (latencies,) = server.rows("SELECT sum(requests)::bigint AS requests FROM usage_latencies")
    assert latencies["requests"] == len(written) == WRITERS * ENTRIES
    assert not any(process.output().count("ERROR") for process in processes)
