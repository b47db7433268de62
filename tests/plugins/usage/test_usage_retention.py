"""The hourly retention drops whole months, but only those that no statement waits for."""

from datetime import UTC, datetime

import pytest

from llmring_server.contracts.statements import StatementsDue
from llmring_server.database.checks.clock import WrongClock
from llmring_server.testing import make_plugin
from llmring_usage.maintenance.hourly import Maintenance

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 10, "output_tokens": 1}


class Due:
    """Expects statements of every project with calls, up to the ends given by a test."""

    def __init__(self):
        self.ends, self.asked = set(), []

    async def find_pending(self, projects, end):
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


def test_a_month_in_no_pending_statement_is_dropped(server, due):
    run(server)
    assert months(server) == []
    assert due.asked[0] == ({server.project_id("one")}, datetime(2024, 4, 1, tzinfo=UTC))


def test_a_month_that_another_process_has_dropped_is_no_error(server):
    retention = server.server.service(Maintenance).retention
    months_due = server.run(retention.due(30))
    run(server)
    assert months_due
    for month in months_due:
        server.run(retention.drop(month))
    assert months(server) == []


def test_a_month_and_later_ones_are_not_dropped_until_its_statement_exists(server, due):
    due.ends = {datetime(2024, 5, 1, tzinfo=UTC)}
    run(server)
    assert months(server) == ["04", "05"]
    due.ends.clear()
    run(server)
    assert months(server) == []


def test_a_delayed_drop_is_logged_once(server, due, caplog):
    due.ends = {datetime(2024, 4, 1, tzinfo=UTC)}
    run(server)
    run(server)
    (message,) = [record.getMessage() for record in caplog.records if "not dropped until its calls" in record.message]
    assert "usage_logs_2024_03" in message
    assert server.project_id("one") in message


def test_with_a_wrong_clock_nothing_is_dropped(server, shift_clock):
    shift_clock(6)
    with pytest.raises(WrongClock):
        run(server)
    assert months(server) == ["03", "04", "05"]
    shift_clock(0)
    run(server)
    assert months(server) == []


def test_a_month_with_a_corrected_call_is_not_dropped_until_a_statement_after_the_correction(server, due):
    client = server.client("one")
    entry = client.get("/api/v1/logs").json()[-1]["id"]
    body = {"fields": {"cost": 1}, "reason": "mistyped"}
    corrected = client.post(f"/api/v1/logs/{entry}/correct", json=body).raise_for_status().json()
    due.ends = {datetime.fromisoformat(corrected["corrected_at"])}
    run(server)
    assert months(server) == ["03", "03", "04", "05"]
    due.ends.clear()
    run(server)
    assert months(server) == []


def test_a_voided_call_delays_no_retention(server, due):
    client = server.client("one")
    entry = client.get("/api/v1/logs").json()[-1]["id"]
    client.post(f"/api/v1/logs/{entry}/void", json={"reason": "mistyped"}).raise_for_status()
    run(server)
    assert months(server) == []
    assert due.asked[0] == (set(), datetime(2024, 4, 1, tzinfo=UTC))


def test_an_entry_whose_month_was_dropped_cannot_be_voided_and_the_response_has_the_reason(server):
    client = server.client("one")
    kept, entry = (client.get("/api/v1/logs").json()[index]["id"] for index in (0, -1))
    first = client.post(f"/api/v1/logs/{kept}/void", json={"reason": "x"})
    run(server)
    answer = client.post(f"/api/v1/logs/{entry}/void", json={"reason": "x"})
    assert answer.status_code == 404
    assert "were dropped by the retention" in answer.json()["detail"]
    assert client.post(f"/api/v1/logs/{kept}/void", json={"reason": "x"}).content == first.content
