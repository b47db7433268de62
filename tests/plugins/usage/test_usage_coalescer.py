"""The coalescer: calls that arrive together are processed together, and each gets its own response."""

import asyncio
import json

import pytest

from llmring_server.http.codec import LARGE, Limits
from llmring_server.http.errors import Problem
from llmring_usage.ingest.coalescer import IngestCoalescer
from llmring_usage.ingest.entry_to_row import EntryPricer
from llmring_usage.ingest.writer import UsageWriter

pytestmark = pytest.mark.own_server

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 10, "output_tokens": 1, "cost": 0.001}
LIMITS = Limits(1_048_576, 64, 262_144)
PROJECT = "prj_together"


def process(server, bodies, gone=()):
    """Send bodies in one pass of the event loop, and return their responses; those `gone` are cancelled first."""

    async def all_at_once():
        coalescer = IngestCoalescer(server.server.service(EntryPricer), server.server.service(UsageWriter))
        now = asyncio.get_running_loop().time()
        answers = [coalescer.log(PROJECT, body, LIMITS, None, now) for body in bodies]
        for number in gone:
            answers[number].cancel()
        return await asyncio.gather(*answers, return_exceptions=True)

    return server.run(all_at_once())


def encode(**members):
    return json.dumps({**CALL, **members}).encode()


def stored(server):
    """Return the input tokens of every stored call."""
    return sorted(row["input_tokens"] for row in server.rows("SELECT input_tokens FROM usage_logs"))


def test_calls_that_arrive_together_are_committed_together(usage):
    process(usage, [encode(input_tokens=number) for number in range(100)])
    assert stored(usage) == list(range(100))
    assert len(usage.rows("SELECT DISTINCT xmin::text FROM usage_logs")) == 1


def test_each_response_has_its_own_id(usage):
    answers = process(usage, [encode(input_tokens=number) for number in range(20)])
    ids = [json.loads(content)["log_id"] for content, deferred in answers if not deferred]
    assert [row["id"] for row in usage.rows("SELECT id::text FROM usage_logs ORDER BY input_tokens")] == ids


def test_invalid_calls_are_refused_and_those_that_arrived_with_them_are_stored(usage):
    bodies = [encode(input_tokens=1), b"{", encode(input_tokens=-1), encode(cost=-1), encode(input_tokens=2)]
    first, *refused, last = process(usage, bodies)
    assert [problem.status_code for problem in refused if isinstance(problem, Problem)] == [400, 422, 422]
    assert [json.loads(content)["cost_status"] for content, _ in (first, last)] == ["priced", "priced"]
    assert stored(usage) == [1, 2]


def test_a_call_whose_request_ended_before_it_was_processed_is_not_stored(usage):
    process(usage, [encode(input_tokens=1), encode(input_tokens=2), encode(input_tokens=3)], gone=[1])
    assert stored(usage) == [1, 3]


def test_a_large_call_is_stored_whole(usage):
    answer = usage.client().post(
        "/api/v1/log", json={**CALL, "metadata": {"said": "x" * 200_000}, "ignored": "x" * LARGE}
    )
    assert answer.status_code == 200
    assert usage.rows("SELECT length(metadata->>'said') AS said FROM usage_logs") == [{"said": 200_000}]


def test_a_large_invalid_call_is_refused_with_the_location(usage):
    answer = usage.client().post("/api/v1/log", json={**CALL, "metadata": "x" * LARGE, "output_tokens": -1})
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["body", "output_tokens"])
    assert stored(usage) == []
