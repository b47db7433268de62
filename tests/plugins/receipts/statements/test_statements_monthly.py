"""Automatic statements of whole months, and retention that waits for them."""

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from statement_kit import CALL, STATEMENTS, run

from llmring_receipts.key_management.keyring import Keyring
from llmring_receipts.statements.formats import document
from llmring_receipts.statements.generate import StatementGenerator
from llmring_receipts.statements.monthly import MonthlyStatements
from llmring_receipts.statements.store import StatementStore
from llmring_server.contracts.statements import StatementsDue
from llmring_server.contracts.usage_lines import UsageLines
from llmring_server.database.checks.clock import WrongClock
from llmring_server.testing import eventually

pytestmark = pytest.mark.own_server


def monthly(server, hours=24, listener=None):
    usage, store = server.server.service(UsageLines), StatementStore(server.server.database)
    keyring = server.server.service(Keyring)
    return MonthlyStatements(
        StatementGenerator(server.server.database, store, usage, keyring, listener), store, usage, hours
    )


def test_months_are_stated_automatically_some_time_after_their_end(server, client, log):
    log(timestamp="2026-01-31T23:59:59Z")
    log(timestamp="2026-02-01T00:00:00Z")
    due = monthly(server).generate_due
    assert server.run(due(datetime(2026, 2, 1, 23, 59, tzinfo=UTC))) == 0
    assert server.run(due(datetime(2026, 2, 2, tzinfo=UTC))) == 1
    assert server.run(due(datetime(2026, 2, 3, tzinfo=UTC))) == 0
    (count,) = client.get(STATEMENTS).json()
    assert (count["end"], count["lines"]["count"]) == ("2026-02-01T00:00:00.000000Z", 1)


def test_months_that_were_missed_have_a_statement_each(server, client, log):
    for month in (1, 2, 3):
        log(timestamp=f"2026-{month:02}-15T00:00:00Z")
        if month == 1:
            server.run(monthly(server).generate_due(datetime(2026, 2, 2, tzinfo=UTC)))
    assert server.run(monthly(server).generate_due(datetime(2026, 4, 2, tzinfo=UTC))) == 2
    assert [count["end"][:10] for count in client.get(STATEMENTS).json()] == ["2026-04-01", "2026-03-01", "2026-02-01"]


def test_a_month_that_was_missed_is_stated_also_when_its_project_was_not_used_since(server, client, log):
    log(timestamp="2026-01-15T00:00:00Z")
    assert server.run(monthly(server).generate_due(datetime(2026, 2, 2, tzinfo=UTC))) == 1
    log(timestamp="2026-02-15T00:00:00Z")
    late = monthly(server)
    assert [server.run(late.generate_due(datetime(2026, month, 2, tzinfo=UTC))) for month in (5, 6)] == [1, 0]
    assert [count["end"][:10] for count in client.get(STATEMENTS).json()] == ["2026-03-01", "2026-02-01"]


def log_in_three_projects(server, month):
    for key in ("one", "two", "three"):
        call = {**CALL, "timestamp": f"2026-{month:02}-15T00:00:00Z"}
        server.client(key).post("/api/v1/log", json=call).raise_for_status()


def test_a_project_whose_lines_cannot_be_read_holds_up_no_other(server, log):
    log_in_three_projects(server, 1)
    months = monthly(server)
    assert server.run(months.generate_due(datetime(2026, 2, 2, tzinfo=UTC))) == 3
    server.rows(
        "UPDATE statement_lines SET content = '{}' WHERE project_id = %s RETURNING 1", [server.project_id("two")]
    )
    log_in_three_projects(server, 2)
    assert server.run(months.generate_due(datetime(2026, 3, 2, tzinfo=UTC))) == 2
    assert len(server.client("two").get(STATEMENTS).json()) == 1


@pytest.mark.parametrize("error", [TimeoutError("too long"), psycopg.OperationalError("too long")])
def test_a_project_whose_statement_takes_too_long_holds_up_no_other(server, error):
    log_in_three_projects(server, 1)
    first = min(server.project_id(key) for key in ("one", "two", "three"))

    class Failing:
        async def write_statement(self, connection, project_id, statement_id, content):
            if project_id == first:
                raise error

    assert server.run(monthly(server, listener=Failing()).generate_due(datetime(2026, 2, 2, tzinfo=UTC))) == 2
    assert server.run(monthly(server).generate_due(datetime(2026, 2, 2, tzinfo=UTC))) == 1


def test_without_a_database_no_other_project_is_tried(server):
    log_in_three_projects(server, 1)
    asked = []

    class GoesAway:
        async def write_statement(self, connection, project_id, statement_id, content):
            asked.append(project_id)
            await server.server.database.close()
            raise TimeoutError("gone")

    with pytest.raises((psycopg.OperationalError, psycopg.InterfaceError)):
        server.run(monthly(server, listener=GoesAway()).generate_due(datetime(2026, 2, 2, tzinfo=UTC)))
    assert len(asked) == 1


def test_a_month_that_was_stated_on_demand_is_closed_once_without_lines(server, client, log, files):
    log(timestamp="2026-01-15T00:00:00Z")
    statements = StatementStore(server.server.database)
    maker = StatementGenerator(server.server.database, statements, server.server.service(UsageLines),
                       server.server.service(Keyring), None)  # fmt: skip
    server.run(maker.generate(server.project_id("one"), datetime(2026, 1, 20, tzinfo=UTC)))
    assert [server.run(monthly(server).generate_due(datetime(2026, 2, day, tzinfo=UTC))) for day in (2, 3)] == [1, 0]
    closing, table, known = files(2)
    said = run("statement", "verify", closing, "--keys", known, "--lines", table, "--previous", files(1)[0], "--json")
    assert (said.status, said.codes("proven")) == (0, ["signature", "lines", "previous", "previous-lines"])
    assert json.loads(closing.read_bytes())["lines"]["count"] == 0


def test_a_month_is_awaited_until_it_is_stated(server, client, log):
    log()
    due, project = server.server.service(StatementsDue), server.project_id("one")
    end = document.month_end(datetime.now(UTC))
    assert server.run(due.find_pending([project], end)) == [project]
    assert server.run(monthly(server).generate_due(end + timedelta(days=2))) == 1
    assert server.run(due.find_pending([project, "prj_other"], end)) == ["prj_other"]


def test_a_month_that_ended_more_than_a_year_ago_is_not_awaited(server):
    due = server.server.service(StatementsDue)
    assert server.run(due.find_pending(["prj_other"], datetime.now(UTC) - timedelta(days=400))) == []


@pytest.mark.parametrize("settings", [{}, {"statements_monthly": False}])
def test_where_none_are_made_by_themselves_none_are_awaited(llmring_live, signer, settings):
    key = {"private_key_b64": signer.seed} if settings else {}
    server = llmring_live(["usage", "receipts"], receipts={**key, **settings})
    assert server.server.service(StatementsDue, default=None) is None


def test_a_server_that_starts_makes_what_is_due(llmring_live, signer):
    settings = {"private_key_b64": signer.seed, "statements_hours": 0}
    first = llmring_live(["usage", "receipts"], receipts={**settings, "statements_monthly": False})
    last_month = document.month_start(document.month_start(datetime.now(UTC)) - timedelta(days=1))
    first.client().post("/api/v1/log", json={**CALL, "timestamp": last_month.isoformat()}).raise_for_status()
    second = llmring_live(["usage", "receipts"], receipts=settings)
    (count,) = eventually(lambda: second.client().get(STATEMENTS).json())
    assert count["end"] == document.format_time(document.month_start(datetime.now(UTC)))


def test_with_a_wrong_clock_no_statement_is_created(server, client, log, shift_clock):
    log()
    shift_clock(6)
    refused = client.post(STATEMENTS)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert "clock" in refused.json()["detail"]
    with pytest.raises(WrongClock):
        server.run(monthly(server).generate_due(datetime.now(UTC)))
    assert client.get(STATEMENTS).json() == []
    shift_clock(0)
    assert client.post(STATEMENTS).status_code == 201


def test_a_correction_is_stated_in_the_month_of_the_correction_though_there_are_no_calls(server, client, log):
    entry = log(timestamp="2026-01-15T00:00:00Z")
    assert server.run(monthly(server).generate_due(datetime(2026, 2, 2, tzinfo=UTC))) == 1
    client.post(f"/api/v1/logs/{entry}/void", json={"reason": "mistyped"}).raise_for_status()
    next_month = document.month_end(datetime.now(UTC)) + timedelta(days=1)
    assert server.run(monthly(server).generate_due(next_month)) > 0
    assert sum(count["lines"]["count"] for count in client.get(STATEMENTS).json()) == 2
