"""The hourly retention: whole months go, those alone that no statement waits for."""

from datetime import UTC, datetime

import pytest

from llmring_server.contracts.statements import StatementsDue
from llmring_server.testing import make_plugin
from llmring_usage.maintenance.hourly import Maintenance

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 10, "output_tokens": 1}


class Due:
    """Awaits statements of every project that was used, up to the ends that a test names."""

    def __init__(self):
        self.ends, self.asked = set(), []

    async def awaited(self, projects, end):
        self.asked.append((set(projects), end))
        return sorted(projects) if end in self.ends else []


@pytest.fixture
def due():
    return Due()


@pytest.fixture
def server(llmring_live, due):
    awaits = make_plugin("awaits", llmring_services=lambda server: {StatementsDue: due})
    server = llmring_live(["usage", awaits], usage={"retention_days": 30})
    for month in (3, 4, 5):
        call = {**CALL, "timestamp": f"2024-{month:02}-15T00:00:00Z"}
        server.client("one").post("/api/v1/log", json=call).raise_for_status()
    return server


def months(server):
    rows = server.rows("SELECT to_char(occurred_at, 'MM') AS month FROM usage_logs ORDER BY occurred_at")
    return [row["month"] for row in rows]


def run(server):
    server.run(server.server.service(Maintenance).run_once())


def test_what_no_statement_waits_for_is_dropped(server, due):
    run(server)
    assert months(server) == []
    assert due.asked[0] == ({server.project_id("one")}, datetime(2024, 4, 1, tzinfo=UTC))


def test_a_month_that_is_to_be_stated_stays_with_those_behind_it_until_it_is(server, due):
    due.ends = {datetime(2024, 5, 1, tzinfo=UTC)}
    run(server)
    assert months(server) == ["04", "05"]
    due.ends.clear()
    run(server)
    assert months(server) == []


def test_that_a_month_stays_is_said_once(server, due, caplog):
    due.ends = {datetime(2024, 4, 1, tzinfo=UTC)}
    run(server)
    run(server)
    (said,) = [record.getMessage() for record in caplog.records if "kept until its calls are stated" in record.message]
    assert "usage_logs_2024_03" in said
    assert server.project_id("one") in said
