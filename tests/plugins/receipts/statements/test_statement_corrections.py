"""A call that was voided or corrected: statements, receipts, statistics and exports agree about it."""

import csv
import io
from decimal import Decimal

import pytest
from statement_kit import CALL, STATEMENTS, run

MOST = 2**63 - 1


@pytest.fixture
def server(start_server, signer):
    return start_server(
        ["usage", "receipts"], receipts={"private_key_b64": signer.seed, "auto": True}, usage={"max_tokens": MOST}
    )


@pytest.fixture
def take_back(client):
    """Return a function that voids a call, or corrects it to the given fields, and returns its correction."""

    def send(log_id, **fields):
        path, body = ("correct", {"fields": fields}) if fields else ("void", {})
        answer = client.post(f"/api/v1/logs/{log_id}/{path}", json={"reason": "mistyped", **body})
        return answer.raise_for_status().json()

    return send


def call_of(client, receipt_id):
    return client.get(f"/api/v1/receipts/{receipt_id}/call").raise_for_status().json()


def verdict(client, receipt_id):
    receipt = client.get(f"/api/v1/receipts/{receipt_id}").raise_for_status().json()
    return client.post("/api/v1/receipts/verify", json={"receipt": receipt}).json()


def test_a_stated_call_that_is_voided_gets_a_correction_line(log, state, lines, take_back):
    log(cost="1.5")
    wrong = log(cost="20.25", input_tokens=5000)
    state()
    take_back(wrong)
    count = state()
    (line,) = lines(2)
    expected = {
        "kind": "correction", "corrects": "2", "id": wrong, "cost": "0", "amount": "-20.25", "cost_status": "voided",
        "input_tokens": "0", "output_tokens": "0", "rates": "", "model": "gpt-5-mini",
    }  # fmt: skip
    assert line.items() >= expected.items()
    (total,) = count["totals"]
    assert (total["amount"], total["calls"], total["corrections"]) == ("-20.25", "0", "1")


def test_a_stated_call_that_is_corrected_is_taken_back_and_its_replacement_stated(log, state, lines, take_back):
    wrong = log(cost="20.25", model="gpt-5")
    state()
    new = take_back(wrong, model="gpt-5-mini", cost=2)["replaced_by"]
    count = state()
    taken, added = lines(2)
    assert (taken["kind"], taken["id"], taken["amount"], taken["cost_status"]) == (
        "correction", wrong, "-20.25", "superseded",
    )  # fmt: skip
    assert (added["kind"], added["id"], added["amount"], added["occurred_at"]) == (
        "call", new, "2", taken["occurred_at"],
    )  # fmt: skip
    amounts = {total["model"]: total["amount"] for total in count["totals"]}
    assert amounts == {"openai:gpt-5": "-20.25", "openai:gpt-5-mini": "2"}


def test_a_call_that_is_voided_before_it_is_stated_is_never_stated(log, state, lines, take_back):
    log()
    take_back(log(cost=9))
    state()
    assert len(lines(1)) == 1


def test_a_correction_is_stated_once(client, log, state, take_back):
    wrong = log()
    state()
    take_back(wrong)
    state()
    log()
    count = state()
    assert (count["number"], count["lines"]["count"]) == (3, 1)


def test_a_stated_call_whose_row_was_dropped_is_still_taken_back(server, log, state, lines, take_back):
    wrong = log(cost=3)
    state()
    take_back(wrong)
    assert server.rows("DELETE FROM usage_logs WHERE id = %s RETURNING id", [wrong])
    state()
    assert [line["amount"] for line in lines(2)] == ["-3"]


def test_the_verifier_accepts_statements_with_calls_that_were_taken_back(log, state, files, take_back):
    first, second = log(cost=None), log(cost=4)
    state()
    take_back(first, model="gpt-5")
    take_back(second)
    state()
    statement, table, keys = files(2)
    result = run("statement", "verify", statement, "--lines", table, "--keys", keys)
    assert result.status == 0, result.text


def test_the_receipt_of_a_voided_call_stays_valid_and_shows_as_voided(client, log, take_back):
    wrong = log(cost=5)
    before = client.get(f"/api/v1/receipts/{wrong}").content
    assert call_of(client, wrong)["call"] == "counts"
    assert "call" not in verdict(client, wrong)
    take_back(wrong)
    assert client.get(f"/api/v1/receipts/{wrong}").content == before
    found = call_of(client, wrong)
    assert (found["call"], found["reason"], found["superseded_by"]) == ("voided", "mistyped", None)
    proven = verdict(client, wrong)
    assert (proven["valid"], proven["call"], "superseded_by" in proven) == (True, "voided", False)


def test_the_receipt_of_a_corrected_call_shows_which_entry_supersedes_it(client, log, take_back):
    wrong = log(cost=5)
    new = take_back(wrong, cost=4)["replaced_by"]
    listed = {one["receipt_id"]: one for one in client.get("/api/v1/receipts/calls").json()}
    assert (listed[wrong]["call"], listed[wrong]["superseded_by"]) == ("superseded", new)
    assert listed[new]["call"] == "counts"
    assert client.get(f"/api/v1/receipts/{new}").json()["cost"]["amount"] == "4"
    assert verdict(client, wrong) | {"key_id": None} == {
        "valid": True, "reason": None, "key_id": None, "issuer": "self", "call": "superseded", "superseded_by": new,
    }  # fmt: skip


def test_a_receipt_of_another_project_that_names_a_voided_call_is_not_voided(client, server, log, take_back):
    wrong = log()
    take_back(wrong)
    other = server.client("another-project")
    draft = {"model": "m", "tokens": {"input": 1, "output": 1}, "cost": {"amount": 1}, "usage_log_id": wrong}
    receipt = other.post("/api/v1/receipts/issue?store=true", json=draft).raise_for_status().json()
    assert call_of(other, receipt["id"])["call"] == "counts"
    found = client.post("/api/v1/receipts/verify", json={"receipt": receipt}).json()
    assert (found["valid"], "call" in found) == (True, False)


def test_a_call_that_was_taken_back_gets_no_receipt_any_more(client, log, take_back):
    huge = log(cost=1, input_tokens=2**60)  # too many tokens for a receipt
    take_back(huge)
    answer = client.post("/api/v1/receipts/issue", json={"usage_log_id": huge})
    assert answer.status_code == 409
    assert "taken back" in answer.json()["detail"]


def test_a_voided_call_of_2_to_the_63_tokens_counts_nowhere(client, log, state, lines, take_back):
    log(cost=1)
    wrong = log(input_tokens=MOST, cost="1000000", model="gpt-5")
    state()
    take_back(wrong)
    found = client.get("/api/v1/stats").json()
    assert (found["summary"]["total_requests"], found["summary"]["total_tokens"], found["summary"]["total_cost"]) == (
        1, CALL["input_tokens"] + CALL["output_tokens"], 1,
    )  # fmt: skip
    assert [*found["by_model"]] == ["gpt-5-mini"]
    state()
    assert [(line["id"], line["amount"], line["cost_status"]) for line in lines(2)] == [(wrong, "-1000000", "voided")]
    amounts = [Decimal(line["amount"]) for number in (1, 2) for line in lines(number)]
    assert sum(amounts) == 1
    exported = {row["id"]: row for row in csv.DictReader(io.StringIO(client.get("/api/v1/logs/export").text))}
    assert exported[wrong]["corrected_at"]
    assert {row["corrected_at"] for one, row in exported.items() if one != wrong} == {""}
    assert client.get(f"{STATEMENTS}/lines/{wrong}").status_code == 200
