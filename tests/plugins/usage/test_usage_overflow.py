"""Counts whose sum exceeds 64 bits are stored one by one, and summed exactly."""

import pytest

HUGE = 2**63 - 1


@pytest.fixture
def client(start_server):
    return start_server(["usage"], usage={"max_tokens": HUGE}).client()


@pytest.mark.parametrize("at_once", [True, False])
def test_counts_that_overflow_a_sum_are_stored_and_summed_exactly(client, stats, at_once):
    call = {
        "provider": "p",
        "model": "m",
        "input_tokens": HUGE,
        "output_tokens": HUGE,
        "timestamp": "2026-03-01T12:00:00Z",
    }
    if at_once:
        assert client.post("/api/v1/log/batch", json=[call] * 3).json()["accepted"] == 3
    else:
        for _ in range(3):
            assert client.post("/api/v1/log", json=call).status_code == 200
    for zone in ("UTC", "Asia/Kathmandu"):
        found = stats(client, tz=zone)
        assert found["summary"]["total_tokens"] == 6 * HUGE
        assert found["by_period"][0]["total_tokens"] == 6 * HUGE
    assert client.post("/api/v1/log", json={**call, "input_tokens": 1, "output_tokens": 1}).status_code == 200
