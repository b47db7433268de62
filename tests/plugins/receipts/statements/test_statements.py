"""Statements of usage on a real server: their content, their order, and that nothing stated changes."""

import asyncio
import json
import threading
import time

import psycopg
import pytest
from statement_kit import CALL, STATEMENTS, leaves, root, run

from llmring_receipts.formats import canonical, jwks, signing
from llmring_receipts.statements.formats import document
from llmring_receipts.statements.generate import TRY_LOCK
from llmring_receipts.statements.resources import WAIT_SECONDS
from llmring_server.contracts.transparency import StatementsStored
from llmring_server.testing import eventually, make_plugin


def reprice(server, log_id, cost):
    """Give a call another cost, as `usage reprice` does."""
    query = "UPDATE usage_logs SET cost = %s, registry_version = 'openai.8' WHERE id = %s RETURNING id"
    assert server.rows(query, [cost, log_id])


def test_a_statement_holds_every_call_and_adds_up(client, log, state):
    for number in range(5):
        log(input_tokens=number)
    log(model="gpt-5", cost="250.000000000001")
    log(model="gpt-5", cost="0.1")
    count = state()
    assert (count["number"], count["start"], count["previous"]) == (1, None, None)
    assert (count["lines"]["count"], count["lines"]["first"], count["lines"]["last"]) == (7, 1, 7)
    totals = {total["model"]: total for total in count["totals"]}
    assert totals["openai:gpt-5"]["amount"] == "250.100000000001"
    assert (totals["openai:gpt-5-mini"]["amount"], totals["openai:gpt-5-mini"]["input_tokens"]) == ("0.00225", "10")
    assert client.get(STATEMENTS).json() == [count]


def test_its_root_is_that_of_rfc_6962_over_the_lines_of_the_csv(client, log, state):
    for number in range(70):
        log(alias=f"é{number}")
    count = state()
    assert count["lines"]["root"] == root(leaves(client.get(f"{STATEMENTS}/1/lines").text))


def test_it_is_signed_with_the_key_of_receipts(client, log, state):
    log()
    count = state()
    (key,) = jwks.parse(client.get("/receipts/public-keys.json").content)
    assert signing.find_fault(count, key) is None


def test_it_is_served_byte_for_byte_as_it_was_signed(client, log):
    log()
    count = client.post(STATEMENTS).content
    content = client.get(f"{STATEMENTS}/1").content
    assert count == b'{"status":"made","statement":' + content + b"}"
    assert content == canonical.canonicalize(json.loads(content))


def test_the_next_one_follows_without_a_gap(log, state):
    log()
    first = state()
    log()
    second = state()
    assert (second["number"], second["start"], second["lines"]["first"]) == (2, first["end"], 2)
    assert second["previous"] == document.digest(canonical.canonicalize(first))


def test_nothing_new_makes_no_statement(client, log, state):
    none = client.post(STATEMENTS)
    assert (none.status_code, none.json()) == (200, {"status": "unchanged", "statement": None})
    log()
    made = state()
    last = client.post(STATEMENTS)
    assert (last.status_code, last.json()) == (200, {"status": "unchanged", "statement": made})
    assert client.get(STATEMENTS).json() == [made]


def test_another_deployment_in_the_same_database_does_not_hold_up_its_own(server, log, state):
    log()
    with psycopg.connect(server.server.database.conninfo, options="-c search_path=public") as other:
        assert other.execute(TRY_LOCK, [server.project_id("one")]).fetchone() == (True,)
        assert state()["number"] == 1


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
        "unpriced": "0", "estimated": "0", "input_tokens": "0", "output_tokens": "0", "cached_input_tokens": "0",
    }  # fmt: skip
    assert client.get(f"{STATEMENTS}/1/lines").content == stated


def test_a_call_that_was_repriced_twice_is_corrected_twice_from_its_last_cost(server, log, state, lines):
    log_id = log(cost=None, model="unheard-of")
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


def test_lines_are_in_the_order_in_which_calls_happened(log, state, lines):
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


@pytest.mark.own_server
def test_an_auditor_recomputes_costs_of_every_source_offline(client, log, state, lines, files):
    own = {"provider": "google", "model": "*", "match": "all", "discount": "0.22"}
    client.put("/api/v1/prices/overrides/contract", json=own).raise_for_status()
    log(cost=None, cached_input_tokens=200, reasoning_tokens=30)
    log(cost=None, provider="anthropic", model="claude-sonnet-4-6", units={"web_search": 2})
    log(cost=None, provider="google", model="gemini-2.5-pro", input_tokens=250_000)
    log(cost=None, cache_write_tokens=100)
    log(cost="0.00010811999999999999")
    log(cost=None, model="unheard-of")
    state()
    statement, table, known = files(1)
    said = run("statement", "verify", statement, "--keys", known, "--lines", table, "--recompute")
    assert (said.status, "exactly the costs of 4 lines" in said.text) == (0, True), said.text
    assert [bool(line["rates"]) for line in lines(1)] == [True] * 4 + [False] * 2
    assert [line["discount"] for line in lines(1)] == ["", "", "0.22", "", "", ""]
    assert json.loads(lines(1)[1]["billed"]) == {"input": 1000, "output": 100, "units": {"web_search": 2}}
    assert lines(1)[3]["price_notes"] == '["cache_write priced as input"]'


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
    assert other.post(STATEMENTS).json() == {"status": "unchanged", "statement": None}


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
    assert [count["number"] for count in first.json() + second.json()] == [3, 2, 1]
    assert "next" not in second.links


def test_without_a_signing_key_none_is_made(llmring_live):
    client = llmring_live(["usage", "receipts"]).client()
    client.post("/api/v1/log", json=CALL).raise_for_status()
    answer = client.post(STATEMENTS)
    assert (answer.status_code, "keygen" in answer.json()["detail"]) == (503, True)


def test_without_a_plugin_that_logs_usage_there_are_none(llmring_live, signer):
    server = llmring_live(["receipts"], receipts={"private_key_b64": signer.seed})
    assert server.client().get(STATEMENTS).status_code == 404


@pytest.mark.own_server
def test_of_many_concurrent_requests_one_creates_the_statement(start):
    servers = [start() for _ in range(3)]
    for _ in range(300):
        servers[0].client("one").post("/api/v1/log", json=CALL)
    barrier, answers = threading.Barrier(6), []

    def generate(client):
        barrier.wait()
        answers.append(client.post(STATEMENTS).status_code)

    makers = [threading.Thread(target=generate, args=[server.client("one")]) for server in servers * 2]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert answers.count(201) == 1
    assert set(answers) <= {200, 201, 202}
    assert len(eventually(lambda: servers[0].client("one").get(STATEMENTS).json(), 60)) == 1
    assert servers[0].rows("SELECT count(*), max(seq) FROM statement_lines") == [{"count": 300, "max": 300}]


@pytest.mark.own_server
def test_a_listener_is_notified_of_each_statement_in_its_transaction(start):
    stored = []

    class Told:
        async def write_statement(self, connection, project_id, statement_id, content):
            stored.append((project_id, statement_id, content))
            if len(stored) == 1:
                raise RuntimeError("the log is full")

    server = start(make_plugin("told", llmring_services=lambda server: {StatementsStored: Told()}))
    client = server.client("one")
    client.post("/api/v1/log", json=CALL).raise_for_status()
    assert client.post(STATEMENTS).status_code == 500
    assert client.get(STATEMENTS).json() == []
    client.post(STATEMENTS).raise_for_status()
    assert stored[1:] == [(server.project_id("one"), "1", client.get(f"{STATEMENTS}/1").content)]


@pytest.mark.own_server
def test_one_that_takes_long_is_created_after_the_response_and_few_at_once(start):
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
    began = time.monotonic()
    again = [clients[0].post(STATEMENTS) for _ in range(5)]
    assert {answer.status_code for answer in again} == {202}
    assert time.monotonic() - began < WAIT_SECONDS

    async def release():
        go_on.set()

    server.run(release())
    assert eventually(lambda: clients[0].get(STATEMENTS).json() and clients[1].get(STATEMENTS).json())
    assert clients[2].post(STATEMENTS).status_code == 201
    last = clients[0].post(STATEMENTS)
    assert (last.status_code, last.json()["status"]) == (200, "unchanged")
    assert [last.json()["statement"]] == clients[0].get(STATEMENTS).json()


def test_what_usage_reprice_changes_is_corrected_and_what_retention_drops_stays_stated(
    server, client, log, state, lines, llmring_cli, small_registry
):
    priced = log(cost=None, timestamp="2026-03-01T00:00:00Z")
    log(timestamp="2026-03-01T00:00:01Z")
    assert server.rows("UPDATE usage_logs SET cost = 0.001 WHERE id = %s RETURNING id", [priced])
    state()
    registry = {"LLMRING_PLUGINS": "registry,usage", "LLMRING_REGISTRY_BASE_URL": small_registry.as_uri() + "/"}
    done = llmring_cli("usage", "reprice", "--all", **registry)
    assert "corrected 1 rows" in done.stdout, done.stderr
    state()
    (correction,) = lines(2)
    assert (correction["corrects"], correction["cost"], correction["amount"]) == ("1", "0.00045", "-0.00055")
    assert [line["cost"] for line in lines(1)] == ["0.001", "0.00045"]
    assert "dropping usage_logs_2026_03" in llmring_cli("usage", "retention", "--days", "30", **registry).stdout
    assert client.get("/api/v1/logs").json() == []
    assert len(lines(1)) == 2
    assert client.post(STATEMENTS).status_code == 200


def test_pages_of_statements_end_at_their_bytes_and_have_each_one_once(server, client):
    query = """
        INSERT INTO statements
        SELECT %s, number, now(), now(), 0, 0, convert_to(json_build_object('number', number,
            'totals', repeat('x', 300000))::text, 'UTF8'), ''
        FROM generate_series(1, 8) AS number
    """
    server.rows(query, [server.project_id("one")])
    pages, answer = [], client.get(STATEMENTS, params={"limit": 500})
    while True:
        pages.append([listed["number"] for listed in answer.json()])
        if "next" not in answer.links:
            break
        answer = client.get(answer.links["next"]["url"])
    assert pages == [[8, 7, 6], [5, 4, 3], [2, 1]]
