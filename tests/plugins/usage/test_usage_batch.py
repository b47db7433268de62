"""`POST /log/batch`: an invalid entry is rejected alone, whatever its error."""

import gzip
import json
import random
from datetime import UTC, datetime, timedelta

import pytest

GOOD = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1, "cost": 0.5}
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
GZIP = {"Content-Encoding": "gzip"}


@pytest.fixture
def client(usage):
    return usage.client()


@pytest.fixture
def send(client):
    """Send a batch and return the response body."""

    def send(batch, **headers):
        content = batch if isinstance(batch, bytes) else json.dumps(batch).encode()
        answer = client.post("/api/v1/log/batch", content=content, headers={**JSON, **headers})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


def counts(found):
    return found["accepted"], found["duplicates"], found["rejected"]


def stored(client):
    return client.get("/api/v1/stats").json()["summary"]["total_requests"]


def test_three_invalid_entries_of_a_thousand_are_explained_and_the_others_stored(client, send):
    batch = [GOOD] * 1000
    batch[3] = {**GOOD, "input_tokens": -1}
    batch[500] = {"provider": "openai"}
    batch[999] = {**GOOD, "timestamp": "2999-01-01T00:00:00Z"}
    found = send(batch)
    assert counts(found) == (997, 0, 3)
    assert [result["index"] for result in found["results"]] == list(range(1000))
    errors = {result["index"]: result["error"]["loc"] for result in found["results"] if "error" in result}
    assert errors == {3: ["body", 3, "input_tokens"], 500: ["body", 500], 999: ["body", 999, "timestamp"]}
    assert stored(client) == 997


def test_an_empty_batch_is_accepted(send):
    assert send([]) == {"accepted": 0, "duplicates": 0, "rejected": 0, "results": []}


def test_ten_thousand_entries_are_accepted_and_one_more_is_too_many(client, send):
    assert counts(send([GOOD] * 10_000)) == (10_000, 0, 0)
    answer = client.post("/api/v1/log/batch", json=[GOOD] * 10_001)
    assert answer.status_code == 413
    assert stored(client) == 10_000


@pytest.mark.parametrize("batch", [b"[" + b"1," * 20_000 + b"1]", b"1\n" * 20_001])
def test_too_many_invalid_entries_are_refused(client, batch):
    headers = JSON if batch.startswith(b"[") else NDJSON
    assert client.post("/api/v1/log/batch", content=batch, headers=headers).status_code == 413


def test_ndjson_has_one_entry_per_line(client, send):
    lines = [json.dumps(GOOD), "", "  ", '{"provider": "openai"}', "no json", json.dumps(GOOD) + "\r"]
    found = send("\n".join(lines).encode(), **NDJSON)
    assert counts(found) == (2, 0, 2)
    assert ["error" in result for result in found["results"]] == [False, True, True, False]
    assert stored(client) == 2


def test_an_invalid_line_does_not_affect_the_others(send):
    assert counts(send(b'{"provider":\n' + json.dumps(GOOD).encode() + b"\n\xff\xfe\n", **NDJSON)) == (1, 0, 2)


@pytest.mark.parametrize("media", [JSON, NDJSON])
def test_a_gzipped_batch_is_inflated(send, media):
    batch = json.dumps([GOOD]).encode() if media is JSON else json.dumps(GOOD).encode()
    assert counts(send(gzip.compress(batch), **media, **GZIP)) == (1, 0, 0)


@pytest.mark.parametrize("media", ["application/x-ndjson", "application/jsonl", "application/jsonl; charset=utf-8"])
def test_lines_of_either_media_type_may_begin_with_a_byte_order_mark(send, media):
    lines = b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\n" + json.dumps(GOOD).encode()
    assert counts(send(lines, **{"Content-Type": media})) == (2, 0, 0)


def test_a_gzip_body_may_have_several_members(send):
    members = [gzip.compress(json.dumps(GOOD).encode() + b"\n") for _ in range(3)]
    assert counts(send(b"".join(members), **NDJSON, **GZIP)) == (3, 0, 0)


def test_a_gzip_bomb_is_too_large(client):
    bomb = gzip.compress(b"[" + b" " * 64 * 1024 * 1024 + b"]")
    answer = client.post("/api/v1/log/batch", content=bomb, headers={**JSON, **GZIP})
    assert answer.status_code == 413


def test_a_body_that_is_not_gzip_is_refused(client):
    answer = client.post("/api/v1/log/batch", content=b"[]", headers={**JSON, **GZIP})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "bad",
    [
        b'{"provider":"p","model":"\\u0000"}',
        b'{"provider":"p","model":"m","metadata":{"\\u0000":1}}',
        b'{"provider":"p","model":"\\ud800"}',
        b'{"provider":"p","model":"m","metadata":"\\udc00\\ud800"}',
        b'{"provider":"p","model":"m","metadata":' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"provider":"p","model":"m","metadata":' + b'{"a":' * 100 + b"1" + b"}" * 101,
        b'"an entry"',
        b"null",
        b"[]",
        b"{}",
        b"NaN",
        b'{"provider":"p","model":"m","cost":1e400}',
        b'{"provider":"p","model":"m","timestamp":"1969-12-31T23:59:59Z"}',
    ],
    ids=range(13),
)
def test_an_entry_that_cannot_be_stored_is_rejected_alone(client, send, bad):
    good = json.dumps(GOOD).encode()
    found = send(b"[" + good + b" , " + bad + b"\n," + good + b"]")
    assert counts(found) == (2, 0, 1)
    assert found["results"][1]["error"]["loc"][:2] == ["body", 1]
    assert stored(client) == 2


@pytest.mark.parametrize("deep", [b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 2_000 + b"1" + b"}" * 2_000])
def test_a_too_deeply_nested_entry_is_rejected_alone(client, send, deep):
    good = json.dumps(GOOD).encode()
    found = send(b"[" + good + b"," + deep + b"," + good + b"]")
    assert counts(found) == (2, 0, 1)
    assert found["results"][1]["error"]["msg"] == "The body is nested deeper than 64 levels."
    assert stored(client) == 2


@pytest.mark.parametrize("bad", [b"[" + b"\xff" + b"]", b'{"provider":"\xff"}', b"{]", b'"a\nb"', b"nope", b'{"a" 1}'])
def test_an_entry_that_is_not_json_is_rejected_alone(send, bad):
    good = json.dumps(GOOD).encode()
    assert counts(send(b"\n[" + good + b"," + bad + b",\t" + good + b" ] ")) == (2, 0, 1)


BAD_JSON = {
    "a name twice": (
        b'{"provider":"p","model":"m","model":"n"}',
        "model",
        "The name 'model' occurs twice. Send it once.",
    ),
    "a cost that is no number": (
        b'{"provider":"p","model":"m","cost":"1_000"}',
        "cost",
        "Must be a number with ASCII digits, such as 0.00045.",
    ),
}


@pytest.mark.parametrize("shape", BAD_JSON)
@pytest.mark.parametrize("media", ["application/json", "application/x-ndjson"])
def test_an_ambiguous_entry_is_rejected_alone(client, shape, media):
    bad, name, reason = BAD_JSON[shape]
    good = b'{"provider":"p","model":"m","cost":"1.5"}'
    body = b"\n".join([good, bad, good]) if media.endswith("ndjson") else b"[%b,%b,%b]" % (good, bad, good)
    answer = client.post("/api/v1/log/batch", content=body, headers={"Content-Type": media}).json()
    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    assert answer["results"][1]["error"] == {"loc": ["body", 1, name], "msg": reason}


def test_an_invalid_batch_with_too_many_parts_is_refused_quickly(client):
    assert client.post("/api/v1/log/batch", content=b"[" + b"[]," * 2_000_000, headers=JSON).status_code == 413


FORMS = [
    *(b"%b,", b"[%b", b"[%b,]", b"[%b]]", b"[%b] []", b"[%b]garbage", b"[,%b]", b"[%b %b]"),
    *(b"[%b,,%b]", b"[[%b", b'[%b, "x]', b"[%b}", b"[bad,%b", b"[ , ]"),
]


@pytest.mark.parametrize("good", [True, False], ids=["good entries", "a bad entry"])
@pytest.mark.parametrize("form", FORMS)
def test_a_body_that_is_not_json_is_refused_as_a_whole(client, form, good):
    entry = json.dumps(GOOD if good else {"provider": "p"}).encode()
    answer = client.post("/api/v1/log/batch", content=form.replace(b"%b", entry), headers=JSON)
    assert answer.status_code in (400, 422)
    assert stored(client) == 0


@pytest.mark.parametrize("body", [b"{}", b'"text"', b"1", b"null", json.dumps(GOOD).encode()])
def test_a_body_that_is_not_an_array_is_refused(client, body):
    assert client.post("/api/v1/log/batch", content=body, headers=JSON).status_code == 422


@pytest.fixture
def narrow(usage):
    """A table with narrower columns than the contract allows, as altered by an operator."""
    usage.rows("ALTER TABLE usage_logs ALTER COLUMN operation_id TYPE varchar(8)")
    return {**GOOD, "operation_id": "longer than eight"}


@pytest.mark.own_server
def test_a_row_that_the_database_rejects_fails_alone(client, send, narrow):
    found = send([GOOD, narrow, GOOD, GOOD])
    assert counts(found) == (3, 0, 1)
    assert found["results"][1]["error"]["loc"] == ["body", 1]
    assert stored(client) == 3


@pytest.mark.own_server
def test_a_row_that_the_database_rejects_is_a_client_error(client, narrow):
    assert client.post("/api/v1/log", json=narrow).status_code == 422


@pytest.mark.parametrize("year", [1970, 1985, 1999, 2019, 2020, 2023, 2026])
def test_an_entry_of_any_year_since_1970_is_accepted(client, send, year):
    found = send([{**GOOD, "timestamp": f"{year}-01-01T00:00:00Z"}])
    assert counts(found) == (1, 0, 0)
    assert client.get("/api/v1/stats").json()["by_day"][0]["date"] == f"{year}-01-01"


@pytest.mark.parametrize(("ahead", "accepted"), [(timedelta(minutes=4), 1), (timedelta(minutes=6), 0)])
def test_a_clock_may_be_five_minutes_fast(send, ahead, accepted):
    found = send([{**GOOD, "timestamp": (datetime.now(UTC) + ahead).isoformat()}])
    assert counts(found) == (accepted, 0, 1 - accepted)


def test_an_offset_is_stored_as_its_instant(client, send):
    send([{**GOOD, "timestamp": "2026-03-01T00:30:00+05:45"}])
    assert client.get("/api/v1/logs").json()[0]["logged_at"] == "2026-02-28T18:45:00Z"


def test_the_entries_of_a_batch_may_be_years_apart(client, send):
    batch = [
        {**GOOD, "timestamp": f"{year}-{month:02}-01T00:00:00Z"} for year in (2001, 2021) for month in range(1, 13)
    ]
    assert counts(send(batch)) == (24, 0, 0)
    assert len(client.get("/api/v1/stats").json()["by_day"]) == 24


def test_the_longest_names_of_the_rarest_characters_are_stored(usage):
    chance = random.Random(0)
    names = {"provider": 64, "model": 255, "alias": 128, "profile": 128, "origin": 128}
    rare = {name: "".join(chr(chance.randrange(0x10000, 0x110000)) for _ in range(n)) for name, n in names.items()}
    answer = usage.client().post("/api/v1/log/batch", json=[{**GOOD, **rare}])
    assert answer.json()["accepted"] == 1
