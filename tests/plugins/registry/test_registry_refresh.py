"""Refreshes: one for all waiting requests, in the background, conditional, and shared between processes."""

import signal
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import pytest
from registry_kit import FILES, change, until

from llmring_registry.registry import Registry
from llmring_server.contracts import PriceList
from llmring_server.errors import StartupError


def test_twenty_first_requests_fetch_each_file_once(upstream, serve):
    upstream.behave("slow")
    client = serve(start_wait_seconds=0).client(None)
    with ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(client.get, "/registry") for _ in range(20)]
        until(lambda: upstream.total() >= 4)
        upstream.release.set()
        assert {answer.result().status_code for answer in answers} == {200}
    assert dict(upstream.asked) == dict.fromkeys(FILES, 1)


def test_a_change_upstream_arrives_without_a_request_waiting(upstream, serve):
    server = serve(refresh_seconds=0.2)
    client, prices = server.client(None), server.server.service(PriceList)
    before = client.get("/registry")

    def dearer(file):
        file["version"] = 4
        file["models"]["openai:gpt-4o"]["dollars_per_million_tokens_input"] = 7.25

    upstream.change("openai/models.json", dearer)
    until(lambda: prices.find("openai", "gpt-4o").input == Decimal("7.25"))
    after = client.get("/registry")
    assert after.json()["version"].startswith("openai.4-anthropic.2-google.1-")
    assert after.headers["ETag"] != before.headers["ETag"]


def test_content_that_changes_under_one_version_gives_another_etag(upstream, serve):
    client = serve(refresh_seconds=0.2).client(None)
    before = client.get("/registry").headers["ETag"]
    upstream.change("google/models.json", lambda file: file["models"].update({"google:new": {}}))
    until(lambda: client.get("/registry").headers["ETag"] != before)
    assert client.get("/registry").json()["version"].startswith("openai.3-anthropic.2-google.1-")


def test_a_request_during_a_refresh_is_answered_from_the_copy(upstream, serve):
    client = serve(refresh_seconds=0.2).client(None)
    upstream.behave("slow")
    asked = upstream.total()
    until(lambda: upstream.total() > asked)
    assert client.get("/registry").status_code == 200


def test_files_are_fetched_conditionally(upstream, serve):
    serve(refresh_seconds=0.2)
    until(lambda: all(upstream.confirmed[path] >= 2 for path in FILES))


def test_a_confirmed_copy_is_fresh_and_keeps_its_snapshot(upstream, serve):
    server = serve(refresh_seconds=0.2)
    snapshot = server.server.service(Registry).snapshot
    until(lambda: upstream.confirmed["openai/models.json"] >= 2)
    assert server.server.service(Registry).snapshot is snapshot


def test_a_new_provider_in_the_manifest_is_fetched(upstream, serve, small_registry):
    client = serve(refresh_seconds=0.2).client(None)
    (small_registry / "acme").mkdir()
    (small_registry / "acme/models.json").write_text('{"version": 1, "models": {"acme:one": {}}}')
    upstream.change("manifest.json", lambda file: file["providers"].update(acme={}))
    until(lambda: "acme:one" in client.get("/registry").json()["models"])


def test_a_configured_provider_is_fetched_though_the_manifest_lacks_it(serve, small_registry):
    (small_registry / "acme").mkdir()
    (small_registry / "acme/models.json").write_text('{"version": 1, "models": {"acme:one": {}}}')
    client = serve(providers=["acme"]).client(None)
    assert set(client.get("/registry").json()["providers"]) == {"openai", "anthropic", "google", "acme"}


def test_a_manifest_cannot_name_a_path(upstream, serve):
    upstream.change("manifest.json", lambda file: file["providers"].update({"../../etc": {}, "a/b": {}, "": {}}))
    assert serve().client(None).get("/registry").status_code == 200
    assert set(upstream.asked) == set(FILES)


def test_a_second_server_loads_the_stored_copy_without_a_request(upstream, serve):
    serve()
    asked = upstream.total()
    client = serve().client(None)
    assert client.get("/registry").status_code == 200
    assert upstream.total() == asked


def test_a_server_picks_up_what_another_has_fetched(upstream, serve):
    one, other = serve(), serve()
    change(upstream.folder / "google/models.json", lambda file: file.update(version=2))
    registry = one.server.service(Registry)
    one.run(registry._fetch_upstream())
    other.run(_turn(other.server.service(Registry)))
    pages = [server.client(None).get("/registry").content for server in (one, other)]
    assert pages[0] == pages[1]
    assert b"google.2" in pages[1]


async def _turn(registry):
    await registry._start_refresh()


def test_a_folder_is_an_upstream_too(serve, small_registry):
    client = serve(base_url=small_registry.as_uri(), refresh_seconds=0.2).client(None)
    assert len(client.get("/registry").json()["models"]) == 10
    path = "anthropic/v/1/models.json"
    assert client.get(f"/registry/{path}").content == (small_registry / path).read_bytes()
    assert client.get("/registry/anthropic/v/7/models.json").status_code == 404
    change(small_registry / "google/models.json", lambda file: file.update(version=2))
    until(lambda: client.get("/registry").json()["providers"]["google"]["version"] == 2)


def test_a_base_url_without_a_final_slash_will_do(upstream, serve):
    assert serve(base_url=upstream.url.rstrip("/")).client(None).get("/registry").status_code == 200


@pytest.mark.parametrize("url", ["ftp://host/", "registry", "file://host/folder/", "http:///x", "https://host/?q=1"])
def test_a_base_url_that_cannot_be_stops_the_start(serve, url):
    with pytest.raises(StartupError, match="LLMRING_REGISTRY_BASE_URL"):
        serve(base_url=url)


def test_a_provider_that_cannot_be_stops_the_start(serve):
    with pytest.raises(StartupError, match="not a valid provider name"):
        serve(providers=["../etc"])


def test_the_environment_names_base_url_and_providers(upstream, llmring_process):
    process = llmring_process(
        LLMRING_PLUGINS="registry",
        LLMRING_REGISTRY_BASE_URL=upstream.url,
        LLMRING_REGISTRY_PROVIDERS="openai,google",
    ).wait_until_up()
    assert len(httpx.get(f"{process.url}/registry").json()["models"]) == 10


def test_without_upstream_the_process_starts_and_stops_cleanly(upstream, llmring_process):
    upstream.stop()
    process = llmring_process(LLMRING_PLUGINS="registry", LLMRING_REGISTRY_BASE_URL=upstream.url).wait_until_up()
    assert process.stop() in (0, -signal.SIGTERM)
    assert "Traceback" not in process.output()


def test_a_copy_is_loaded_from_the_cache_if_the_database_has_none(upstream, serve, monkeypatch):
    server = serve()
    registry = server.server.service(Registry)
    server.run(server.server.database.execute("DELETE FROM registry_files"))
    upstream.stop()
    found = server.run(registry._last_valid.load())
    assert set(found.providers) == {"openai", "anthropic", "google"}
