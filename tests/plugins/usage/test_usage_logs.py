"""`/logs`: pages, filters and the export."""

import csv
import io
import threading

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmring_server.http.printable import escape_formulas, unescape_formulas


@pytest.fixture
def client(usage):
    return usage.client()


def pages(client, **query):
    """Follow the Link headers and yield every page."""
    answer = client.get("/api/v1/logs", params=query)
    while True:
        assert answer.status_code == 200, answer.text
        yield answer.json()
        if "next" not in answer.links:
            return
        answer = client.get(answer.links["next"]["url"])


def test_pages_give_each_call_once_while_another_writes(client, usage, log):
    batch = [{"provider": "p", "model": "m", "input_tokens": 1, "timestamp": "2026-03-01T00:00:00Z"}] * 1000
    answer = client.post("/api/v1/log/batch", json=batch)
    sent = {result["log_id"] for result in answer.json()["results"]}
    done = threading.Event()

    def write():
        other = usage.client()
        while not done.is_set():
            log(other)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = [entry["id"] for page in pages(client, limit=7, end_date="2026-03-01") for entry in page]
    finally:
        done.set()
        writer.join()
    assert len(seen) == 1000
    assert set(seen) == sent


def test_calls_come_newest_first(client, log):
    for hour in (3, 1, 2):
        log(client, timestamp=f"2026-03-01T0{hour}:00:00Z")
    assert [entry["logged_at"][11:13] for entry in client.get("/api/v1/logs").json()] == ["03", "02", "01"]


@pytest.mark.parametrize("member", ["alias", "model", "provider", "profile", "origin"])
def test_filters_are_exact(client, log, member):
    log(client, **{member: "wanted"})
    log(client, **{member: "wanted-not"})
    found = client.get("/api/v1/logs", params={member: "wanted"}).json()
    assert [entry[member] for entry in found] == ["wanted"]


def test_blank_filters_mean_none(client, log):
    log(client)
    assert len(client.get("/api/v1/logs?alias=&model=&start_date=&end_date=&cursor=").json()) == 1


def test_offset_is_supported_for_older_clients(client, log):
    ids = [log(client)["log_id"] for _ in range(3)]
    assert client.get("/api/v1/logs?limit=1&offset=2").json()[0]["id"] == ids[0]


@pytest.mark.parametrize(
    "query", [{"limit": 501}, {"limit": 0}, {"limit": "x"}, {"cursor": "nonsense"}, {"offset": -1}]
)
def test_an_invalid_page_is_refused(client, query):
    assert client.get("/api/v1/logs", params=query).status_code == 422


def test_the_csv_export_parses_and_has_every_call(client, log):
    log(client, cost=0.000001, origin='a,"b"\nc')
    log(client, metadata={"k": [1]})
    rows = list(csv.DictReader(io.StringIO(client.get("/api/v1/logs/export?format=csv").text)))
    assert [row["metadata"] for row in rows] == ['{"k":[1]}', ""]
    assert (rows[1]["cost"], rows[1]["origin"]) == ("0.000001", 'a,"b"\nc')


@pytest.mark.parametrize(
    ("origin", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("\n=1", "'\n'=1"),
        (" @x", "' @x"),
        ("\uff1d1", "'\uff1d1"),
        ("a;=1", "a;'=1"),
        ("a; \uff0b1", "a; '\uff0b1"),
        ("a\r\n-1", "a\r\n'-1"),
        ('a;"=1', "a;'\"=1"),
        ("a=1;b", "a=1;b"),
    ],
)
def test_text_that_a_spreadsheet_would_run_is_escaped(client, log, origin, cell):
    log(client, origin=origin)
    (row,) = csv.DictReader(io.StringIO(client.get("/api/v1/logs/export").text, newline=""))
    assert row["origin"] == cell


@given(st.text(st.sampled_from("=+-@'\"; \t\r\n,a\uff1d"), min_size=1, max_size=12))
def test_escaped_text_can_be_restored(text):
    assert unescape_formulas(escape_formulas(text)) == text


def test_csv_may_begin_with_a_byte_order_mark(client, log):
    log(client, origin="é")
    plain, marked = (client.get(f"/api/v1/logs/export?bom={bom}").content for bom in ("false", "true"))
    assert marked == b"\xef\xbb\xbf" + plain


def test_a_byte_order_mark_is_for_csv_only(client):
    answer = client.get("/api/v1/logs/export?format=ndjson&bom=true")
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["query", "bom"])


def test_jsonl_is_ndjson_under_its_other_media_type(client, log):
    log(client)
    found = [client.get(f"/api/v1/logs/export?format={form}") for form in ("ndjson", "jsonl")]
    assert found[0].content == found[1].content
    assert [one.headers["content-type"] for one in found] == ["application/x-ndjson", "application/jsonl"]
    assert 'filename="usage.jsonl"' in found[1].headers["content-disposition"]


def test_json_that_a_spreadsheet_would_run_is_escaped_and_means_the_same(client, log):
    given = {"a": "b;=1", "c": ["; \uff0b1", ';"=1', -5, "d;e"]}
    log(client, metadata=given)
    (row,) = csv.DictReader(io.StringIO(client.get("/api/v1/logs/export").text))
    assert msgspec.json.decode(row["metadata"]) == given
    assert row["metadata"].count(";") == 1


def test_the_ndjson_export_equals_the_list(client, log):
    for number in range(5):
        log(client, origin=f"o{number}")
    lines = client.get("/api/v1/logs/export?format=ndjson").text.splitlines()
    assert [msgspec.json.decode(line) for line in lines] == client.get("/api/v1/logs").json()


def test_an_export_of_nothing_is_a_header(client):
    assert client.get("/api/v1/logs/export").text.startswith("id,logged_at,")
    assert client.get("/api/v1/logs/export?format=ndjson").text == ""
