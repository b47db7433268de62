"""The range of a query: dates and times in any form of ISO 8601, and never a start after the end."""

import pytest

DAY = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1, "timestamp": "2026-11-01T15:00:00Z"}


@pytest.fixture
def client(usage):
    found = usage.client()
    assert found.post("/api/v1/log", json=DAY).status_code == 200
    return found


def count(client, **query):
    answer = client.get("/api/v1/stats", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["summary"]["total_requests"]


@pytest.mark.parametrize("day", ["2026-11-01", "20261101", "2026-W44-7"])
def test_a_date_in_any_form_is_the_whole_day(client, day):
    assert count(client, start_date=day, end_date=day) == 1


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-24", "2026-11-23"),
        ("20261124", "20261123"),
        ("2026-11-24T00:00:00Z", "2026-11-23"),
        ("2026-11-24", "2026-11-23T23:59:59Z"),
        ("2026-11-23T12:00:01Z", "2026-11-23T12:00:00Z"),
        ("2026-11-23T12:00:00Z", "2026-11-23T12:30:00+02:00"),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/stats", "/api/v1/logs", "/api/v1/logs/export"])
def test_a_start_after_the_end_is_refused(client, path, start, end):
    answer = client.get(path, params={"start_date": start, "end_date": end})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"loc": ["query", "start_date"], "msg": "Must not be after end_date."}]


def test_an_empty_range_of_times_is_not_refused(client):
    moment = "2026-11-01T15:00:00Z"
    assert count(client, start_date=moment, end_date=moment) == 0
