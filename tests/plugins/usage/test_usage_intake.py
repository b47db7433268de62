"""The intake: calls that arrive together are read together, and each is answered by itself."""

import asyncio
import json

import pytest

from llmring_server.http.codec import LARGE
from llmring_server.http.errors import Problem
from llmring_usage.ingest.coalescer import IngestCoalescer
from llmring_usage.ingest.entry_to_row import EntryPricer
from llmring_usage.ingest.writer import UsageWriter

pytestmark = pytest.mark.own_server

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 10, "output_tokens": 1, "cost": 0.001}
DEPTH = 64
PROJECT = "prj_together"


def taken(server, bodies, gone=()):
    """Have bodies arrive in one pass of the event loop, and return what each is answered; those `gone` end first."""

    async def all_at_once():
        intake = IngestCoalescer(server.server.service(EntryPricer), server.server.service(UsageWriter))
        now = asyncio.get_running_loop().time()
        answers = [intake.log(PROJECT, body, DEPTH, None, now) for body in bodies]
        for number in gone:
            answers[number].cancel()
        return await asyncio.gather(*answers, return_exceptions=True)

    return server.run(all_at_once())


def spelled(**members):
    return json.dumps({**CALL, **members}).encode()


def stored(server):
    """Return the input tokens of every stored call."""
    return sorted(row["input_tokens"] for row in server.rows("SELECT input_tokens FROM usage_logs"))


def test_calls_that_arrive_together_are_committed_together(usage):
    taken(usage, [spelled(input_tokens=number) for number in range(100)])
    assert stored(usage) == list(range(100))
    assert len(usage.rows("SELECT DISTINCT xmin::text FROM usage_logs")) == 1


def test_each_is_answered_with_its_own_id(usage):
    answers = taken(usage, [spelled(input_tokens=number) for number in range(20)])
    ids = [json.loads(content)["log_id"] for content, deferred in answers if not deferred]
    assert [row["id"] for row in usage.rows("SELECT id::text FROM usage_logs ORDER BY input_tokens")] == ids


def test_what_cannot_be_read_is_refused_and_what_came_with_it_is_stored(usage):
    bodies = [spelled(input_tokens=1), b"{", spelled(input_tokens=-1), spelled(cost=-1), spelled(input_tokens=2)]
    first, *refused, last = taken(usage, bodies)
    assert [problem.status_code for problem in refused if isinstance(problem, Problem)] == [400, 422, 422]
    assert [json.loads(content)["cost_status"] for content, _ in (first, last)] == ["priced", "priced"]
    assert stored(usage) == [1, 2]


def test_a_call_whose_request_ended_before_it_was_read_is_not_stored(usage):
    taken(usage, [spelled(input_tokens=1), spelled(input_tokens=2), spelled(input_tokens=3)], gone=[1])
    assert stored(usage) == [1, 3]


def test_a_large_call_is_stored_whole(usage):
    answer = usage.client().post("/api/v1/log", json={**CALL, "metadata": {"said": "x" * LARGE}})
    assert answer.status_code == 200
    assert usage.rows("SELECT length(metadata->>'said') AS said FROM usage_logs") == [{"said": LARGE}]


def test_a_large_call_that_does_not_fit_is_refused_with_its_place(usage):
    answer = usage.client().post("/api/v1/log", json={**CALL, "metadata": "x" * LARGE, "output_tokens": -1})
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["body", "output_tokens"])
    assert stored(usage) == []
