"""Statements of usage on a real server: what they hold, how they follow, and that nothing stated changes."""

import asyncio
import csv
import io
import json
import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from statement_kit import leaves, root, run

from llmring_receipts import canonical, jwks, signing
from llmring_receipts.keyring import Keyring
from llmring_receipts.statements import document
from llmring_receipts.statements.making import Statements
from llmring_receipts.statements.monthly import Monthly
from llmring_receipts.statements.store import StatementStore
from llmring_server.contracts.statements import StatementsDue
from llmring_server.contracts.transparency import StatementsStored
from llmring_server.contracts.usage_lines import UsageLines
from llmring_server.testing import eventually, make_plugin
from llmring_server.tlog.signers import Signer

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100, "cost": "0.00045"}
STATEMENTS = "/api/v1/statements"


@pytest.fixture
def start(llmring_live, signer):
    """Give a function that starts a server of usage and receipts, with more plugins where that is asked for."""

    def started(*more):
        return llmring_live(["usage", "receipts", *more], receipts={"private_key_b64": signer.seed})

    return started


@pytest.fixture
def server(start):
    return start()


@pytest.fixture
def log(client):
    """Give a function that logs a call with some members changed, and returns its id."""

    def send(**members) -> str:
        return client.post("/api/v1/log", json={**CALL, **members}).raise_for_status().json()["log_id"]

    return send


@pytest.fixture
def state(client):
    """Give a function that makes a statement, and returns it."""
    return lambda: client.post(STATEMENTS).raise_for_status().json()["statement"]


@pytest.fixture
def lines(client):
    """Give a function that returns the lines of a statement's CSV."""

    def get(number):
        text = client.get(f"{STATEMENTS}/{number}/lines").raise_for_status().text
        return list(csv.DictReader(io.StringIO(text, newline="")))

    return get


@pytest.fixture
def files(client, tmp_path):
    """Give a function that writes a statement, its lines and the keys into files, and returns their paths."""

    def write(number):
        paths = tmp_path / f"{number}.json", tmp_path / f"{number}.csv", tmp_path / "jwks.json"
        paths[0].write_bytes(client.get(f"{STATEMENTS}/{number}").raise_for_status().content)
        paths[1].write_bytes(client.get(f"{STATEMENTS}/{number}/lines").raise_for_status().content)
        paths[2].write_bytes(client.get("/receipts/public-keys.json").raise_for_status().content)
        return paths

    return write


def reprice(server, log_id, cost):
    """Give a call another cost, as `usage reprice` does."""
    query = "UPDATE usage_logs SET cost = %s, registry_version = 'openai.8' WHERE id = %s RETURNING id"
    assert server.rows(query, [cost, log_id])


def monthly(server, hours=24, told=None):
    usage, store = server.server.service(UsageLines), StatementStore(server.server.database)
    keyring = server.server.service(Keyring)
    return Monthly(Statements(server.server.database, store, usage, keyring, told), store, usage, hours)


def test_a_statement_holds_every_call_and_adds_up(client, log, state):
    for number in range(5):
        log(input_tokens=number)
    log(model="gpt-5", cost="250.000000000001")
    log(model="gpt-5", cost="0.1")
    made = state()
    assert (made["number"], made["start"], made["previous"]) == (1, None, None)
    assert (made["lines"]["count"], made["lines"]["first"], made["lines"]["last"]) == (7, 1, 7)
    totals = {total["model"]: total for total in made["totals"]}
    assert totals["openai:gpt-5"]["amount"] == "250.100000000001"
    assert (totals["openai:gpt-5-mini"]["amount"], totals["openai:gpt-5-mini"]["input_tokens"]) == ("0.00225", "10")
    assert client.get(STATEMENTS).json() == [made]


def test_its_root_is_that_of_rfc_6962_over_the_lines_of_the_csv(client, log, state):
    for number in range(70):
        log(alias=f"é{number}")
    made = state()
    assert made["lines"]["root"] == root(leaves(client.get(f"{STATEMENTS}/1/lines").text))


def test_it_is_signed_with_the_key_of_receipts(client, log, state):
    log()
    made = state()
    (key,) = jwks.read(client.get("/receipts/public-keys.json").content)
    assert signing.fault(made, key) is None


def test_it_is_served_byte_for_byte_as_it_was_signed(client, log):
    log()
    made = client.post(STATEMENTS).content
    content = client.get(f"{STATEMENTS}/1").content
    assert made == b'{"status":"made","statement":' + content + b"}"
    assert content == canonical.canonicalize(json.loads(content))


def test_the_next_one_follows_without_a_gap(log, state):
    log()
    first = state()
    log()
    second = state()
    assert (second["number"], second["start"], second["lines"]["first"]) == (2, first["end"], 2)
    assert second["previous"] == document.digest(canonical.canonicalize(first))


def test_nothing_new_makes_no_statement(client, log, state):
    assert client.post(STATEMENTS).status_code == 409
    log()
    state()
    assert client.post(STATEMENTS).status_code == 409
    assert len(client.get(STATEMENTS).json()) == 1


def test_a_call_that_was_repriced_is_corrected_in_the_next_and_its_line_stays(server, client, log, state, lines):
    log_id = log()
    log()
    state()
    stated = client.get(f"{STATEMENTS}/1/lines").content
    reprice(server, log_id, "0.001")
    second = state()
    (line,) = lines(2)
    assert (line["kind"], line["corrects"], line["id"], line["cost"], line["amount"]) == (
        "correction",
        "1",
        log_id,
        "0.001",
        "0.00055",
    )
    assert second["totals"][0] == {
        "model": "openai:gpt-5-mini", "currency": "USD", "amount": "0.00055", "calls": "0", "corrections": "1",
        "unpriced": "0", "input_tokens": "0", "output_tokens": "0", "cached_input_tokens": "0",
    }  # fmt: skip
    assert client.get(f"{STATEMENTS}/1/lines").content == stated


def test_a_call_that_was_repriced_twice_is_corrected_twice_from_where_it_stood(server, log, state, lines):
    log_id = log(cost=None)
    state()
    reprice(server, log_id, "0.3")
    state()
    reprice(server, log_id, "0.1")
    state()
    assert [(line["corrects"], line["amount"]) for number in (1, 2, 3) for line in lines(number)] == [
        ("", "0"),
        ("1", "0.3"),
        ("2", "-0.2"),
    ]


def test_a_call_that_was_logged_late_is_in_the_next_statement(log, state, lines):
    log()
    state()
    late = log(timestamp="2026-01-31T12:00:00Z")
    state()
    assert [(line["id"], line["kind"], line["occurred_at"]) for line in lines(2)] == [
        (late, "call", "2026-01-31T12:00:00.000000Z")
    ]


def test_lines_stand_in_the_order_in_which_calls_happened(log, state, lines):
    later = log(timestamp="2026-02-01T00:00:00Z")
    earlier = log(timestamp="2026-01-01T00:00:00Z")
    state()
    assert [line["id"] for line in lines(1)] == [earlier, later]


def test_an_auditor_proves_statements_lines_and_one_call_offline(server, client, log, state, files, tmp_path):
    ids = [log(alias=f"=a{number}'") for number in range(300)]
    state()
    reprice(server, ids[5], "0.001")
    state()
    statement, table, known = files(1)
    following, corrections, _ = files(2)
    proof = tmp_path / "proof.json"
    proof.write_bytes(client.get(f"{STATEMENTS}/lines/{ids[5]}").raise_for_status().content)
    first = run("statement", "verify", statement, "--keys", known, "--lines", table, "--line", proof, "--json")
    second = run(
        "statement", "verify", following, "--keys", known, "--lines", corrections, "--line", proof,
        "--previous", statement, "--json",
    )  # fmt: skip
    assert (first.status, first.codes("proven")) == (0, ["signature", "lines", "totals", "line"])
    assert (second.status, second.codes("proven")) == (
        0,
        ["signature", "lines", "totals", "line", "previous", "previous-lines"],
    )


@pytest.mark.parametrize("member", ["line", "index", "count", "path"])
def test_a_changed_proof_of_a_line_is_refuted(client, log, state, files, tmp_path, member):
    log_id = [log() for _ in range(3)][1]
    state()
    statement, _, known = files(1)
    proof = client.get(f"{STATEMENTS}/lines/{log_id}").json()
    (line,) = proof["lines"]
    line[member] = {
        "line": line["line"].replace("0.00045", "0.00046"),
        "index": line["index"] + 1,
        "count": line["count"] + 1,
        "path": line["path"][::-1],
    }[member]
    (tmp_path / "proof.json").write_text(json.dumps(proof))
    said = run("statement", "verify", statement, "--keys", known, "--line", tmp_path / "proof.json")
    assert (said.status, f"(call {log_id}) is not shown to be in the statement" in said.text) == (1, True)


def test_another_project_sees_nothing(server, log, state):
    log_id = log()
    state()
    other = server.client("two")
    assert other.get(STATEMENTS).json() == []
    for path in ("/1", "/1/lines", f"/lines/{log_id}"):
        assert other.get(STATEMENTS + path).status_code == 404
    assert other.post(STATEMENTS).status_code == 409


@pytest.mark.parametrize(
    "path", ["/2", "/0", "/-1", "/x", "/99999999999999999999", "/" + "9" * 5000, "/%C2%B2", "/1/lines", "/lines/x"]
)
def test_what_is_not_there_is_not_found(client, path):
    assert client.get(STATEMENTS + path).status_code == 404


def test_the_list_is_read_in_pages(client, log, state):
    for _ in range(3):
        log()
        state()
    first = client.get(STATEMENTS, params={"limit": 2})
    second = client.get(first.links["next"]["url"])
    assert [made["number"] for made in first.json() + second.json()] == [3, 2, 1]
    assert "next" not in second.links


def test_without_a_signing_key_none_is_made(llmring_live):
    client = llmring_live(["usage", "receipts"]).client()
    client.post("/api/v1/log", json=CALL).raise_for_status()
    answer = client.post(STATEMENTS)
    assert (answer.status_code, "keygen" in answer.json()["detail"]) == (503, True)


def test_where_nobody_logs_usage_there_are_none(llmring_live, signer):
    server = llmring_live(["receipts"], receipts={"private_key_b64": signer.seed})
    assert server.client().get(STATEMENTS).status_code == 404


def test_of_many_makers_at_once_one_makes_the_statement(start):
    servers = [start() for _ in range(3)]
    for _ in range(300):
        servers[0].client("one").post("/api/v1/log", json=CALL)
    barrier, answers = threading.Barrier(6), []

    def make(client):
        barrier.wait()
        answers.append(client.post(STATEMENTS).status_code)

    makers = [threading.Thread(target=make, args=[server.client("one")]) for server in servers * 2]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert sorted(answers)[1:] == [409] * 5
    assert len(eventually(lambda: servers[0].client("one").get(STATEMENTS).json(), 60)) == 1
    assert servers[0].rows("SELECT count(*), max(seq) FROM statement_lines") == [{"count": 300, "max": 300}]


def test_whoever_must_miss_no_statement_is_told_in_its_transaction(start):
    told = []

    class Told:
        async def write_statement(self, connection, project_id, statement_id, content):
            told.append((project_id, statement_id, content))
            if len(told) == 1:
                raise RuntimeError("the log is full")

    server = start(make_plugin("told", llmring_services=lambda server: {StatementsStored: Told()}))
    client = server.client("one")
    client.post("/api/v1/log", json=CALL).raise_for_status()
    assert client.post(STATEMENTS).status_code == 500
    assert client.get(STATEMENTS).json() == []
    client.post(STATEMENTS).raise_for_status()
    assert told[1:] == [(server.project_id("one"), "1", client.get(f"{STATEMENTS}/1").content)]


def test_one_that_takes_long_is_made_beside_the_answer_and_few_are_at_once(start):
    go_on = asyncio.Event()

    class Slow:
        async def write_statement(self, connection, project_id, statement_id, content):
            await go_on.wait()

    server = start(make_plugin("slow", llmring_services=lambda server: {StatementsStored: Slow()}))
    clients = [server.client(name) for name in ("one", "two", "three")]
    for client in clients:
        client.post("/api/v1/log", json=CALL).raise_for_status()
    answers = [client.post(STATEMENTS) for client in clients]
    assert [answer.status_code for answer in answers] == [202, 202, 503]
    assert answers[0].json() == {"status": "making", "statement": None}
    assert all("Retry-After" in answer.headers for answer in answers)
    assert clients[0].get(STATEMENTS).json() == []

    async def release():
        go_on.set()

    server.run(release())
    assert eventually(lambda: clients[0].get(STATEMENTS).json() and clients[1].get(STATEMENTS).json())
    assert clients[2].post(STATEMENTS).status_code == 201


def test_months_are_stated_by_themselves_some_time_after_their_end(server, client, log):
    log(timestamp="2026-01-31T23:59:59Z")
    log(timestamp="2026-02-01T00:00:00Z")
    due = monthly(server).due
    assert server.run(due(datetime(2026, 2, 1, 23, 59, tzinfo=UTC))) == 0
    assert server.run(due(datetime(2026, 2, 2, tzinfo=UTC))) == 1
    assert server.run(due(datetime(2026, 2, 3, tzinfo=UTC))) == 0
    (made,) = client.get(STATEMENTS).json()
    assert (made["end"], made["lines"]["count"]) == ("2026-02-01T00:00:00.000000Z", 1)


def test_months_that_were_missed_have_a_statement_each(server, client, log):
    for month in (1, 2, 3):
        log(timestamp=f"2026-{month:02}-15T00:00:00Z")
        if month == 1:
            server.run(monthly(server).due(datetime(2026, 2, 2, tzinfo=UTC)))
    assert server.run(monthly(server).due(datetime(2026, 4, 2, tzinfo=UTC))) == 2
    assert [made["end"][:10] for made in client.get(STATEMENTS).json()] == ["2026-04-01", "2026-03-01", "2026-02-01"]


def test_a_month_that_was_missed_is_stated_also_when_its_project_was_not_used_since(server, client, log):
    log(timestamp="2026-01-15T00:00:00Z")
    assert server.run(monthly(server).due(datetime(2026, 2, 2, tzinfo=UTC))) == 1
    log(timestamp="2026-02-15T00:00:00Z")
    late = monthly(server)
    assert [server.run(late.due(datetime(2026, month, 2, tzinfo=UTC))) for month in (5, 6)] == [1, 0]
    assert [made["end"][:10] for made in client.get(STATEMENTS).json()] == ["2026-03-01", "2026-02-01"]


def log_in_three_projects(server, month):
    for key in ("one", "two", "three"):
        call = {**CALL, "timestamp": f"2026-{month:02}-15T00:00:00Z"}
        server.client(key).post("/api/v1/log", json=call).raise_for_status()


def test_a_project_whose_lines_cannot_be_read_holds_up_no_other(server, log):
    log_in_three_projects(server, 1)
    months = monthly(server)
    assert server.run(months.due(datetime(2026, 2, 2, tzinfo=UTC))) == 3
    server.rows(
        "UPDATE statement_lines SET content = '{}' WHERE project_id = %s RETURNING 1", [server.project_id("two")]
    )
    log_in_three_projects(server, 2)
    assert server.run(months.due(datetime(2026, 3, 2, tzinfo=UTC))) == 2
    assert len(server.client("two").get(STATEMENTS).json()) == 1


@pytest.mark.parametrize("error", [TimeoutError("too long"), psycopg.OperationalError("too long")])
def test_a_project_whose_statement_takes_too_long_holds_up_no_other(server, error):
    log_in_three_projects(server, 1)
    first = min(server.project_id(key) for key in ("one", "two", "three"))

    class Failing:
        async def write_statement(self, connection, project_id, statement_id, content):
            if project_id == first:
                raise error

    assert server.run(monthly(server, told=Failing()).due(datetime(2026, 2, 2, tzinfo=UTC))) == 2
    assert server.run(monthly(server).due(datetime(2026, 2, 2, tzinfo=UTC))) == 1


def test_without_a_database_no_other_project_is_tried(server):
    log_in_three_projects(server, 1)
    asked = []

    class GoesAway:
        async def write_statement(self, connection, project_id, statement_id, content):
            asked.append(project_id)
            await server.server.database.close()
            raise TimeoutError("gone")

    with pytest.raises(psycopg.OperationalError):
        server.run(monthly(server, told=GoesAway()).due(datetime(2026, 2, 2, tzinfo=UTC)))
    assert len(asked) == 1


def test_a_month_that_was_stated_on_demand_is_closed_once_without_lines(server, client, log, files):
    log(timestamp="2026-01-15T00:00:00Z")
    statements = StatementStore(server.server.database)
    maker = Statements(server.server.database, statements, server.server.service(UsageLines),
                       server.server.service(Keyring), None)  # fmt: skip
    server.run(maker.make(server.project_id("one"), datetime(2026, 1, 20, tzinfo=UTC)))
    assert [server.run(monthly(server).due(datetime(2026, 2, day, tzinfo=UTC))) for day in (2, 3)] == [1, 0]
    closing, table, known = files(2)
    said = run("statement", "verify", closing, "--keys", known, "--lines", table, "--previous", files(1)[0], "--json")
    assert (said.status, said.codes("proven")) == (0, ["signature", "lines", "previous", "previous-lines"])
    assert json.loads(closing.read_bytes())["lines"]["count"] == 0


def test_a_month_is_awaited_until_it_is_stated(server, client, log):
    log()
    due, project = server.server.service(StatementsDue), server.project_id("one")
    end = document.month_end(datetime.now(UTC))
    assert server.run(due.awaited([project], end)) == [project]
    assert server.run(monthly(server).due(end + timedelta(days=2))) == 1
    assert server.run(due.awaited([project, "prj_other"], end)) == ["prj_other"]


def test_a_month_that_ended_more_than_a_year_ago_is_not_awaited(server):
    due = server.server.service(StatementsDue)
    assert server.run(due.awaited(["prj_other"], datetime.now(UTC) - timedelta(days=400))) == []


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
    (made,) = eventually(lambda: second.client().get(STATEMENTS).json())
    assert made["end"] == document.spelt(document.month_start(datetime.now(UTC)))


def test_a_statement_is_in_the_transparency_log(llmring_live, signer, tmp_path):
    log = Signer.fresh("log.example")
    server = llmring_live(
        ["transparency", "usage", "receipts"],
        receipts={"private_key_b64": signer.seed},
        transparency={"key": log.text(), "guard_file": tmp_path / "guard"},
    )
    client = server.client()
    client.post("/api/v1/log", json=CALL).raise_for_status()
    paths = [tmp_path / name for name in ("statement.json", "jwks.json", "proof")]
    client.post(STATEMENTS).raise_for_status()
    paths[0].write_bytes(client.get(f"{STATEMENTS}/1").content)
    paths[1].write_bytes(client.get("/receipts/public-keys.json").content)
    proof = eventually(lambda: (found := client.get(f"{STATEMENTS}/1/proof")).status_code == 200 and found)
    paths[2].write_bytes(proof.content)
    options = ["--keys", paths[1], "--proof", paths[2], "--vkey", log.verifier.vkey()]
    said = run("statement", "verify", paths[0], *options, "--json")
    assert (said.status, said.codes("proven")) == (0, ["signature", "inclusion"])
    client.post("/api/v1/log", json=CALL).raise_for_status()
    client.post(STATEMENTS).raise_for_status()
    paths[0].write_bytes(client.get(f"{STATEMENTS}/2").content)
    assert run("statement", "verify", paths[0], *options).status == 1
    assert client.get(f"{STATEMENTS}/7/proof").status_code == 404


def test_a_statement_that_waits_for_the_log_has_no_proof_yet(llmring_live, signer):
    server = llmring_live(["transparency", "usage", "receipts"], receipts={"private_key_b64": signer.seed})
    client = server.client()
    client.post("/api/v1/log", json=CALL).raise_for_status()
    client.post(STATEMENTS).raise_for_status()
    answer = client.get(f"{STATEMENTS}/1/proof")
    assert (answer.status_code, answer.headers["Retry-After"], "waits" in answer.text) == (202, "1", True)
    assert client.get(f"{STATEMENTS}/2/proof").status_code == 404


def test_what_usage_reprice_changes_is_corrected_and_what_retention_drops_stays_stated(
    server, client, log, state, lines, llmring_cli, small_registry
):
    log(cost=None, timestamp="2026-03-01T00:00:00Z")
    log(timestamp="2026-03-01T00:00:01Z")
    state()
    registry = {"LLMRING_PLUGINS": "registry,usage", "LLMRING_REGISTRY_BASE_URL": small_registry.as_uri() + "/"}
    done = llmring_cli("usage", "reprice", **registry)
    assert "corrected 1 rows" in done.stdout, done.stderr
    state()
    (correction,) = lines(2)
    assert (correction["corrects"], correction["cost"], correction["amount"]) == ("1", "0.00045", "0.00045")
    assert [line["cost"] for line in lines(1)] == ["", "0.00045"]
    assert "dropping usage_logs_2026_03" in llmring_cli("usage", "retention", "--days", "30", **registry).stdout
    assert client.get("/api/v1/logs").json() == []
    assert len(lines(1)) == 2
    assert client.post(STATEMENTS).status_code == 409
