"""The contract `UsageLines`: the projects with calls in a range."""

from datetime import UTC, datetime, timedelta

import pytest

from llmring_server.contracts.usage_lines import UsageLines

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 10, "output_tokens": 1}
START, END = datetime(2025, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def used(llmring_live):
    """Return a function that logs calls of projects at these times, and returns the projects of a year."""

    def fetch(**times):
        server = llmring_live(["usage"])
        for project, moments in times.items():
            for moment in moments:
                call = {**CALL, "timestamp": moment}
                server.client(project).post("/api/v1/log", json=call).raise_for_status()
        found = server.run(server.server.service(UsageLines).projects(START, END))
        return {project: found.get(server.project_id(project)) for project in times}

    return fetch


def test_projects_of_a_year_have_a_time_soon_after_their_last_call(used):
    found = used(one=["2025-06-01T00:00:00Z", "2026-01-15T12:00:00Z"], two=["2025-03-01T00:00:00Z"])
    for project, last in (("one", datetime(2026, 1, 15, 12, tzinfo=UTC)), ("two", START)):
        assert last < found[project] <= last + timedelta(days=2)


def test_that_time_is_never_after_the_end(used):
    assert used(one=["2026-02-28T23:59:59Z", "2026-03-09T00:00:00Z"])["one"] == END


def test_a_project_without_calls_in_the_range_is_not_returned(used):
    assert used(one=["2025-02-01T00:00:00Z", "2026-03-09T00:00:00Z"])["one"] is None
