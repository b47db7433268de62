"""Limits in bytes: metadata, pages of lists and of the history, and the cache."""

import asyncio
import gc

import msgspec
import psutil
import pytest
from aliases_kit import PATH, bind, resolve

from llmring_aliases.cache.snapshots import SnapshotCache
from llmring_aliases.models import AliasListQuery, ResolveQuery
from llmring_aliases.tables import reader as module
from llmring_aliases.tables.reader import AliasReader
from llmring_server.client import LLMRingServer
from llmring_server.contracts.aliases import AliasBook

LIMIT = 256 * 1024
BIG = "x" * 200_000


def pages(client, path, **query):
    """Follow the Link headers and yield every response."""
    answer = client.get(path, params=query)
    while True:
        assert answer.status_code == 200, answer.text
        yield answer
        if "next" not in answer.links:
            return
        answer = client.get(answer.links["next"]["url"])


@pytest.mark.parametrize("path", ["bind", "fast"])
def test_metadata_up_to_the_limit_is_stored_and_beyond_it_is_refused_with_its_place(client, path):
    def send(size):
        body = {"alias": "fast", "model": "openai:a", "metadata": "x" * (size - 2)}
        return client.request("POST" if path == "bind" else "PUT", f"{PATH}/{path}", json=body)

    assert send(LIMIT).status_code == 200
    answer = send(LIMIT + 1)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["body", "metadata"]
    assert "at most 262,144 are stored" in answer.json()["detail"]


def test_large_metadata_in_a_bulk_update_is_named_by_its_entry(client):
    bindings = [{"alias": "a", "model": "openai:a"}, {"alias": "b", "model": "openai:b", "metadata": "x" * LIMIT}]
    answer = client.post(f"{PATH}/bulk_upsert", json=bindings)
    assert answer.status_code == 422
    assert [error["loc"] for error in answer.json()["errors"]] == [["body", 1, "metadata"]]


def test_pages_of_a_list_end_at_their_bytes_and_have_each_alias_once(client):
    for number in range(50):
        bind(client, f"a{number:02}", "openai:a", metadata=BIG)
    found = list(pages(client, PATH))
    assert len(found) == 3
    assert max(len(page.content) for page in found) < 4 * 1024 * 1024 + LIMIT
    assert [one["alias"] for page in found for one in page.json()] == [f"a{number:02}" for number in range(50)]
    assert len({page.headers["X-Alias-Version"] for page in found}) == 1
    assert len({page.headers["ETag"] for page in found}) == 3


def test_a_list_has_pages_of_a_requested_length_across_profiles(client):
    names = [("dev", "b"), ("dev", "z"), ("prod", "a"), ("prod", "b"), ("prod", "c")]
    for profile, alias in names:
        bind(client, alias, "openai:a", profile=profile)
    found = [[(one["profile"], one["alias"]) for one in page.json()] for page in pages(client, PATH, limit=2)]
    assert found == [names[:2], names[2:4], names[4:]]
    assert client.get(PATH, params={"cursor": "nonsense"}).status_code == 422


def test_the_etag_of_a_later_page_is_confirmed_until_something_changes(client):
    for alias in "abc":
        bind(client, alias, "openai:a")
    _, second, _ = pages(client, PATH, limit=1)
    assert client.get(second.request.url, headers={"If-None-Match": second.headers["ETag"]}).status_code == 304
    bind(client, "b", "openai:b")
    assert client.get(second.request.url, headers={"If-None-Match": second.headers["ETag"]}).status_code == 200


def test_our_client_lists_every_page(server, client):
    for number in range(30):
        bind(client, f"a{number:02}", "openai:a", metadata=BIG)

    async def listed():
        async with LLMRingServer(server.url, server.key("one")) as ours:
            return await ours.aliases.list()

    found = asyncio.run(listed())
    assert [one.alias for one in found.aliases] == [f"a{number:02}" for number in range(30)]
    assert found.etag == client.get(PATH).headers["ETag"]


def test_pages_of_the_history_end_at_their_bytes(client):
    for number in range(12):
        bind(client, "fast", f"openai:{number}", metadata=BIG)
    found = list(pages(client, f"{PATH}/history", limit=500))
    assert len(found) == 3
    assert [one["seq"] for page in found for one in page.json()] == list(range(12, 0, -1))
    assert {one["metadata"] for page in found for one in page.json()} == {BIG}


def test_the_cache_holds_bytes_and_not_numbers_of_aliases(server, client):
    for number in range(20):
        bind(client, f"a{number:02}", "openai:a", metadata=BIG)
    cache = SnapshotCache(AliasReader(server.server.database), server.server.notifications, 3_000)
    project = server.project_id("one")
    page = server.run(cache.list(project, AliasListQuery()))
    assert page.weight > 3_000 * 1024
    assert cache.cached_list(project, AliasListQuery()) is None
    assert server.run(cache.list(project, AliasListQuery("default"))).body == page.body


def test_models_of_large_metadata_are_cached_without_it(server, client):
    for number in range(20):
        bind(client, f"a{number:02}", "openai:a", metadata=BIG)
    cache = SnapshotCache(AliasReader(server.server.database), server.server.notifications, 50)
    query = "alias=a03"
    project = server.project_id("one")
    assert server.run(cache.resolve(project, ResolveQuery("a03"), query)) == cache.cached_response(project, query)
    assert cache.cached_response(project, query) is not None


def test_a_profile_with_more_aliases_than_the_cache_is_resolved_one_by_one(server, client):
    for number in range(5):
        bind(client, f"a{number}", f"openai:{number}")
    cache = SnapshotCache(AliasReader(server.server.database), server.server.notifications, 4)
    project = server.project_id("one")
    found = server.run(cache.resolve(project, ResolveQuery("a3"), "alias=a3"))
    assert msgspec.json.decode(found)["model"] == "openai:3"
    assert server.run(cache.resolve(project, ResolveQuery("none"), "alias=none")) is None
    assert cache.cached_response(project, "alias=a3") is None


def test_large_metadata_does_not_stay_in_memory(llmring_process, llmring_live):
    server = llmring_live(["aliases"])
    process = llmring_process(LLMRING_PLUGINS="aliases").wait_until_up()
    client = server.client(None, **{"X-Project-Key": "large"})
    for number in range(150):
        body = {"model": "openai:a", "metadata": "x" * 250_000}
        assert client.put(f"{process.url}{PATH}/a{number}", json=body).status_code == 200
    before = psutil.Process(process.pid).memory_info().rss
    listed = sum(len(page.json()) for page in pages(client, f"{process.url}{PATH}"))
    assert client.get(f"{process.url}{PATH}/resolve?alias=a7").status_code == 200
    gc.collect()
    assert listed == 150
    assert psutil.Process(process.pid).memory_info().rss - before < 40 * 1024 * 1024


def test_features_get_the_first_bindings_and_search_the_others(server, client, monkeypatch):
    for alias, model in (("a", "openai:x"), ("b", "openai:y"), ("c", "openai:x")):
        bind(client, alias, model)
    book, project = server.server.service(AliasBook), server.project_id("one")
    monkeypatch.setattr(module, "MAX_BINDINGS", 2)
    assert [one.alias for one in server.run(book.bindings(project))] == ["a", "b"]
    assert [one.alias for one in server.run(book.bindings(project, "OPENAI:X"))] == ["a", "c"]
    assert [one.alias for one in server.run(book.bindings(project, "c"))] == ["c"]


def test_resolve_sees_a_change_at_once(client):
    bind(client, "fast", "openai:a")
    assert resolve(client, "fast") == "openai:a"
    bind(client, "fast", "openai:b")
    assert resolve(client, "fast") == "openai:b"
