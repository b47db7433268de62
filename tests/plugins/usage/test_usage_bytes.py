"""Limits in bytes: entries, pages and exports end at bytes, and large rows of a project do not delay another's."""

import csv
import io
import json
from contextlib import ExitStack

import msgspec
import pytest

from llmring_server.http import codec
from llmring_server.testing import eventually
from llmring_usage.queries.usage_logs import CHUNK_BYTES, LogFilter, UsageLogs, size_of
from llmring_usage.statistics.periods import Range

KIBIBYTE = 1024
LIMIT = 256 * KIBIBYTE
PAGE = 1024 * KIBIBYTE
CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1}


def large(size=200 * KIBIBYTE, **members):
    """Return a call whose metadata has `size` bytes as JSON."""
    return {**CALL, "metadata": "x" * (size - 2), **members}


@pytest.fixture
def client(usage):
    return usage.client()


@pytest.fixture
def stored(client):
    """Log 12 calls of 200 KiB, 2.3 MiB in all, and return their ids."""
    answer = client.post("/api/v1/log/batch", json=[large(origin=f"app-{n}") for n in range(12)])
    return {result["log_id"] for result in answer.json()["results"]}


def test_metadata_up_to_the_limit_is_stored_and_beyond_it_is_refused_with_its_place(client):
    assert client.post("/api/v1/log", json=large(LIMIT)).status_code == 200
    answer = client.post("/api/v1/log", json=large(LIMIT + 1))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["loc"] == ["body", "metadata"]
    assert error["msg"] == (
        "This has 262,145 bytes; at most 262,144 are stored. Send less, or raise LLMRING_MAX_ITEM_BYTES."
    )


@pytest.mark.parametrize("media", [codec.JSON, codec.NDJSON])
def test_large_metadata_in_a_batch_rejects_only_its_entry(client, media):
    entries = [json.dumps(entry) for entry in (CALL, large(LIMIT + 1), large(LIMIT))]
    body = "\n".join(entries) if media == codec.NDJSON else f"[{','.join(entries)}]"
    answer = client.post("/api/v1/log/batch", content=body, headers={"Content-Type": media}).json()
    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    assert answer["results"][1]["error"]["loc"] == ["body", 1, "metadata"]


def test_the_limit_of_metadata_can_be_set(llmring_live):
    client = llmring_live(["usage"], max_item_bytes=2048).client()
    assert [client.post("/api/v1/log", json=large(size)).status_code for size in (2048, 2049)] == [200, 422]


def test_a_page_of_logs_ends_at_its_bytes_and_its_link_continues(client, stored):
    answer, pages = client.get("/api/v1/logs?limit=500"), []
    while True:
        pages.append([entry["id"] for entry in answer.json()])
        assert len(answer.content) < PAGE + LIMIT
        if "next" not in answer.links:
            break
        answer = client.get(answer.links["next"]["url"])
    assert len(pages) == 3
    assert sorted(id for page in pages for id in page) == sorted(stored)


def test_a_call_that_is_larger_than_a_page_is_a_page_of_its_own(llmring_live):
    client = llmring_live(["usage"], max_item_bytes=4 * PAGE, max_body_bytes=8 * PAGE).client()
    for _ in range(2):
        assert client.post("/api/v1/log", json=large(2 * PAGE)).status_code == 200
    answer = client.get("/api/v1/logs")
    assert len(answer.json()) == 1
    assert len(client.get(answer.links["next"]["url"]).json()) == 1


def test_pages_for_other_features_do_not_read_metadata(usage, stored):
    logs, project = UsageLogs(usage.server.database), usage.project_id()
    entries, more = usage.run(logs.listing(project, LogFilter(Range(None, None)), 10))
    assert [entry.metadata for entry in entries] == [None] * 10
    assert more


def test_chunks_of_an_export_end_at_their_bytes(usage, stored):
    logs, project = UsageLogs(usage.server.database), usage.project_id()

    async def sizes():
        return [sum(map(size_of, chunk)) async for chunk in logs.stream(project, LogFilter(Range(None, None)))]

    found = usage.run(sizes())
    assert len(found) == len(stored)
    assert max(found) < CHUNK_BYTES + LIMIT


def test_an_export_with_large_metadata_has_each_call_once(client, stored):
    client.post("/api/v1/log/batch", json=[CALL] * 2_500)
    text = client.get("/api/v1/logs/export").text
    csv.field_size_limit(PAGE)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 2_500 + len(stored)
    assert {row["id"] for row in rows} >= stored
    assert len({row["id"] for row in rows}) == len(rows)


def test_exports_of_one_project_leave_those_of_another(usage):
    with ExitStack() as standing:

        def export(key):
            client = usage.client(key)
            client.post("/api/v1/log/batch", json=[large(LIMIT) for _ in range(60)])
            return standing.enter_context(client.stream("GET", "/api/v1/logs/export"))

        first = [export("first") for _ in range(3)]
        other = export("other")
        assert [one.status_code for one in (*first, other)] == [200, 200, 503, 200]
        assert json.loads(first[2].read())["detail"] == (
            "2 exports of this project are running already. Try again shortly."
        )
    eventually(lambda: usage.client("first").get("/api/v1/logs/export").status_code == 200)


def test_metadata_is_read_as_it_was_sent(client):
    sent = '{"provider": "p", "model": "m", "input_tokens": 1, "metadata": {"a":  1.10}, "tags": {"b": "c"}}'
    assert client.post("/api/v1/log", content=sent).status_code == 200
    (entry,) = msgspec.json.decode(client.get("/api/v1/logs").content, type=list[dict[str, msgspec.Raw]])
    assert bytes(entry["metadata"]) == b'{"a":  1.10}'
