"""The mirror: upstream's files, byte for byte; archived ones are fetched on the first request."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from registry_kit import FILES

from llmring_registry.archive import ARCHIVE_CONCURRENT
from llmring_registry.registry import Registry
from llmring_server.testing import eventually


@pytest.fixture
def client(serve):
    return serve().client(key=None)


@pytest.mark.parametrize("path", [*FILES, "openai/v/1/models.json", "openai/v/3/models.json"])
def test_a_file_is_upstream_byte_for_byte(client, small_registry, path):
    answer = client.get(f"/registry/{path}")
    assert answer.content == (small_registry / path).read_bytes()
    assert answer.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("path", ["manifest.json", "openai/models.json", "openai/v/1/models.json"])
def test_a_file_has_an_etag(client, path):
    etag = client.get(f"/registry/{path}").headers["ETag"]
    assert client.get(f"/registry/{path}", headers={"If-None-Match": etag}).status_code == 304


def test_an_archived_file_may_be_cached_forever(client):
    assert "immutable" in client.get("/registry/openai/v/1/models.json").headers["Cache-Control"]
    assert "immutable" not in client.get("/registry/openai/models.json").headers["Cache-Control"]


def test_an_archived_file_is_fetched_once(upstream, client):
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: client.get("/registry/openai/v/2/models.json"), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert upstream.asked["openai/v/2/models.json"] == 1


def test_an_archived_file_outlives_upstream_and_a_restart(upstream, serve, small_registry):
    serve().client(None).get("/registry/google/v/1/models.json")
    upstream.stop()
    again = serve().client(None).get("/registry/google/v/1/models.json")
    assert again.content == (small_registry / "google/v/1/models.json").read_bytes()


def test_an_unknown_version_is_404_and_not_fetched_again_at_once(upstream, client):
    assert [client.get("/registry/openai/v/99/models.json").status_code for _ in range(3)] == [404] * 3
    assert upstream.asked["openai/v/99/models.json"] == 1


def test_requests_for_many_versions_do_not_delay_the_refresh(upstream, serve):
    server = serve(timeout_seconds=10)
    paths = [f"openai/v/{number}/models.json" for number in range(100, 120)]
    upstream.behave("slow", *paths)
    client = server.client(None)
    with ThreadPoolExecutor(len(paths)) as pool:
        asking = [pool.submit(client.get, f"/registry/{path}") for path in paths]
        eventually(lambda: sum(upstream.asked[path] for path in paths) >= ARCHIVE_CONCURRENT)
        registry = server.server.service(Registry)
        before, asked = registry.copy.fetched_at, upstream.asked["manifest.json"]
        server.run(registry.refresh())
        assert (registry.copy.failed, upstream.asked["manifest.json"]) == ({}, asked + 1)
        assert registry.copy.fetched_at > before
        assert sum(upstream.asked[path] for path in paths) == ARCHIVE_CONCURRENT
        upstream.release.set()
        assert {answer.result().status_code for answer in asking} <= {404, 503}


@pytest.mark.parametrize("how", ["error", "invalid", "huge"])
def test_a_version_that_upstream_cannot_give_now_is_503_and_given_later(upstream, serve, how):
    client = serve(max_file_bytes=100_000).client(None)
    upstream.behave(how, "openai/v/1/models.json")
    broken = client.get("/registry/openai/v/1/models.json")
    assert (broken.status_code, broken.headers["Retry-After"]) == (503, "1")
    upstream.behave("ok")
    assert client.get("/registry/openai/v/1/models.json").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "OpenAI/models.json",
        "acme/models.json",
        "..%2f..%2fetc/models.json",
        "%2e%2e/models.json",
        "openai%00/models.json",
        "openai/v/x/models.json",
        "openai/v/-1/models.json",
        "openai/v/01/models.json",
        "openai/v/1%2f..%2f2/models.json",
        "openai/v/%2e%2e/models.json",
        "openai/v/٣/models.json",
        "../registry/v/1/models.json",
        "v/models.json",
    ],
)
def test_no_trick_with_a_path_reaches_upstream(upstream, client, path):
    client.get("/registry")
    before = upstream.total()
    assert client.get(f"/registry/{path}").status_code == 404
    assert upstream.total() == before


def test_a_registry_without_a_manifest_is_mirrored_without_one(upstream, serve, small_registry):
    (small_registry / "manifest.json").unlink()
    client = serve().client(None)
    assert client.get("/registry").status_code == 200
    assert "Warning" not in client.get("/registry").headers
    assert client.get("/registry/manifest.json").status_code == 404
