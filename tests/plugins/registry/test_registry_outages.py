"""Outages of upstream: the last valid copy is served with its age."""

import time

import pytest
from registry_kit import FILES, until

from llmring_server.contracts import PriceList

STALE = '110 - "Response is Stale"'


def stale(client):
    return lambda: STALE in client.get("/registry").headers.get("Warning", "")


@pytest.mark.parametrize("how", ["error", "invalid", "missing", "slow", "huge"])
def test_a_broken_upstream_leaves_the_last_good_copy(upstream, serve, how):
    client = serve(refresh_seconds=0.2, timeout_seconds=0.3, max_file_bytes=100_000).client(None)
    before = client.get("/registry")
    upstream.behave(how)
    until(stale(client))
    after = client.get("/registry")
    assert (after.status_code, after.content) == (200, before.content)
    assert int(after.headers["Age"]) >= 0


def test_an_outage_of_upstream_leaves_the_last_valid_copy(upstream, serve):
    client = serve(refresh_seconds=0.2).client(None)
    before = client.get("/registry").content
    upstream.stop()
    until(stale(client))
    assert client.get("/registry").content == before


def test_a_stale_mirrored_file_has_a_warning(upstream, serve, small_registry):
    client = serve(refresh_seconds=0.2).client(None)
    upstream.behave("error", "google/models.json")
    warned = until(lambda: (a := client.get("/registry/google/models.json")).headers.get("Warning") and a)
    assert warned.content == (small_registry / "google/models.json").read_bytes()
    assert "Warning" not in client.get("/registry/openai/models.json").headers


def test_a_stale_304_has_a_warning(upstream, serve):
    client = serve(refresh_seconds=0.2).client(None)
    upstream.stop()
    until(stale(client))
    etag = client.get("/registry").headers["ETag"]
    answer = client.get("/registry", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.headers["Warning"]) == (304, STALE)


def test_the_warning_ends_when_upstream_is_back(upstream, serve):
    client = serve(refresh_seconds=0.2).client(None)
    upstream.stop()
    until(stale(client))
    upstream.start()
    until(lambda: not stale(client)())
    assert "Age" not in client.get("/registry").headers


@pytest.mark.parametrize("how", ["missing", "invalid", "error"])
def test_half_of_the_providers_missing_drops_none(upstream, serve, how):
    client = serve(refresh_seconds=0.2).client(None)
    upstream.behave(how, "anthropic/models.json", "google/models.json", "manifest.json")
    upstream.change("openai/models.json", lambda file: file.update(version=4))
    document = until(lambda: (d := client.get("/registry").json())["providers"]["openai"]["version"] == 4 and d)
    assert len(document["models"]) == 10
    until(stale(client))


def test_an_emptied_file_drops_no_models(upstream, serve):
    client = serve(refresh_seconds=0.2).client(None)
    upstream.change("openai/models.json", lambda file: file.update(models={}))
    until(stale(client))
    assert len(client.get("/registry").json()["models"]) == 10


def test_a_manifest_that_forgets_a_provider_drops_none(upstream, serve):
    server = serve(refresh_seconds=0.2, providers=["openai"])
    client = server.client(None)
    upstream.change("manifest.json", lambda file: file["providers"].pop("google"))
    asked = upstream.asked["google/models.json"]
    until(lambda: upstream.asked["google/models.json"] > asked)
    assert set(client.get("/registry").json()["providers"]) == {"openai", "anthropic", "google"}


def test_a_provider_that_never_came_is_named_in_a_warning(upstream, serve):
    upstream.behave("error", "google/models.json")
    client = serve().client(None)
    answer = client.get("/registry")
    assert answer.headers["Warning"] == '199 - "No copy of: google"'
    assert set(answer.json()["providers"]) == {"openai", "anthropic"}
    assert client.get("/registry?providers=google").status_code == 503
    assert client.get("/registry/google/models.json").status_code == 503


def test_a_configured_provider_that_upstream_does_not_list_is_no_fault(serve):
    answer = serve(providers=["openai", "acme"]).client(None).get("/registry")
    assert (answer.status_code, "Warning" in answer.headers) == (200, False)


def test_no_copy_at_all_is_503_and_recovers_without_a_restart(upstream, serve):
    upstream.stop()
    client = serve().client(None)
    away = client.get("/registry")
    assert (away.status_code, away.headers["Retry-After"]) == (503, "1")
    assert away.headers["Content-Type"] == "application/problem+json"
    assert client.get("/registry/manifest.json").status_code == 503
    upstream.start()
    until(lambda: client.get("/registry").status_code == 200)


@pytest.mark.parametrize("how", ["error", "invalid", "missing"])
def test_no_provider_file_at_all_is_503_never_an_empty_200(upstream, serve, how):
    upstream.behave(how, *(path for path in FILES if path != "manifest.json"))
    assert serve().client(None).get("/registry").status_code == 503


def test_a_slow_upstream_holds_up_neither_the_start_nor_a_request_for_long(upstream, serve):
    upstream.behave("slow")
    began = time.monotonic()
    client = serve(start_wait_seconds=0.2, first_wait_seconds=0.2, timeout_seconds=30).client(None)
    assert client.get("/registry").status_code == 503
    assert time.monotonic() - began < 10
    upstream.release.set()
    until(lambda: client.get("/registry").status_code == 200)


def test_one_slow_provider_does_not_hold_up_the_others(upstream, serve):
    upstream.behave("slow", "google/models.json")
    answer = serve(timeout_seconds=0.5).client(None).get("/registry")
    assert set(answer.json()["providers"]) == {"openai", "anthropic"}


def test_a_restart_without_upstream_serves_and_prices(upstream, serve):
    before = serve().client(None).get("/registry").content
    upstream.stop()
    server = serve(refresh_seconds=0.2)
    client = server.client(None)
    until(stale(client))
    assert client.get("/registry").content == before
    assert server.server.service(PriceList).find("openai", "gpt-4o-mini").output is not None


def test_a_restart_on_an_unavailable_base_url_serves_the_old_copy(upstream, serve):
    before = serve().client(None).get("/registry").content
    answer = serve(base_url="http://127.0.0.1:9/").client(None).get("/registry")
    assert (answer.content, STALE in answer.headers["Warning"]) == (before, True)


def test_another_base_url_that_answers_replaces_the_old_copy(upstream, serve, small_registry, tmp_path):
    serve().client(None).get("/registry")
    (tmp_path / "own" / "acme").mkdir(parents=True)
    (tmp_path / "own/acme/models.json").write_text('{"models": {"acme:one": {}}}')
    client = serve(base_url=(tmp_path / "own").as_uri(), providers=["acme"]).client(None)
    until(lambda: set(client.get("/registry").json()["models"]) == {"acme:one"})


def test_prices_survive_an_outage(upstream, serve):
    server = serve(refresh_seconds=0.2)
    prices = server.server.service(PriceList)
    upstream.stop()
    until(stale(server.client(None)))
    assert prices.loaded
    assert prices.find("openai", "gpt-4o").input is not None


def test_health_tells_whether_there_is_a_copy_and_stays_200(upstream, serve):
    upstream.stop()
    client = serve().client(None)
    assert client.get("/health").status_code == 200
    assert client.get("/health").json()["checks"]["registry"] == "failed: NoRegistry"
    upstream.start()
    until(lambda: client.get("/health").json()["checks"]["registry"] == "ok")
