"""`/registry`: one document of every provider's models, its filters, its ETag and its archive."""

import json
import re

import pytest

PATHS = ("/registry", "/registry.json")


@pytest.fixture
def client(serve):
    return serve().client(key=None)


@pytest.mark.parametrize("path", PATHS)
def test_every_model_is_there_by_provider_and_name(client, path):
    document = client.get(path).json()
    assert set(document["providers"]) == {"openai", "anthropic", "google"}
    assert {"openai:gpt-4o-mini", "anthropic:claude-sonnet-4-5-20250929", "google:gemini-2.5-pro"} <= set(
        document["models"]
    )
    assert len(document["models"]) == 10
    assert document["generated_at"] == "2026-01-03T12:00:00Z"


def test_entries_are_upstream_own(client, small_registry):
    upstream = json.loads((small_registry / "openai/models.json").read_bytes())["models"]
    served = client.get("/registry").json()["models"]
    assert {key: entry for key, entry in served.items() if key.startswith("openai:")} == upstream


def test_the_version_is_made_of_the_providers_own_versions(client):
    version = client.get("/registry").json()["version"]
    assert re.fullmatch(r"openai\.3-anthropic\.2-google\.1-[0-9a-f]{8}", version)


def test_a_provider_is_summed_up(client):
    summary = client.get("/registry").json()["providers"]["openai"]
    assert summary == {
        "version": 3, "updated_at": "2026-01-03T12:00:00Z", "model_count": 7, "file": "openai/models.json",
    }  # fmt: skip


def test_keys_without_a_provider_get_one(upstream, serve):
    upstream.change("google/models.json", lambda file: file["models"].update({"gemini-bare": {}}))
    assert "google:gemini-bare" in serve().client(None).get("/registry").json()["models"]


def test_an_entry_of_an_unexpected_shape_is_served_as_it_is(upstream, serve):
    upstream.change("google/models.json", lambda file: file["models"].update({"google:odd": [1, "x"]}))
    server = serve()
    assert server.client(None).get("/registry").json()["models"]["google:odd"] == [1, "x"]


def test_a_client_that_has_it_gets_304(client):
    first = client.get("/registry")
    again = client.get("/registry", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert re.fullmatch(r'"[^"]+"', first.headers["ETag"])
    assert first.headers["Cache-Control"] == again.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize("form", ["*", "W/{}", '"other", {}', '"other",W/{}'])
def test_if_none_match_takes_lists_stars_and_weak_tags(client, form):
    etag = client.get("/registry").headers["ETag"]
    assert client.get("/registry", headers={"If-None-Match": form.format(etag)}).status_code == 304


def test_another_etag_gets_the_whole(client):
    assert client.get("/registry", headers={"If-None-Match": '"other"'}).status_code == 200


def test_providers_can_be_chosen(client):
    document = client.get("/registry", params={"providers": "google, anthropic"}).json()
    assert set(document["providers"]) == {"google", "anthropic"}
    assert {key.partition(":")[0] for key in document["models"]} == {"google", "anthropic"}


def test_models_must_have_every_requested_capability(client):
    document = client.get("/registry", params={"capabilities": "vision,audio"}).json()
    assert set(document["models"]) == {"google:gemini-2.0-flash-lite", "google:gemini-2.5-pro"}


def test_filters_combine_and_may_leave_nothing(client):
    answer = client.get("/registry", params={"capabilities": "audio", "providers": "openai"})
    assert (answer.status_code, answer.json()["models"]) == (200, {})


def test_a_filtered_body_has_an_etag_of_its_own(client):
    whole, part = client.get("/registry"), client.get("/registry?providers=google")
    assert whole.headers["ETag"] != part.headers["ETag"]
    again = client.get("/registry?providers=google", headers={"If-None-Match": part.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("blank", ["providers=&capabilities=", "providers=,"])
def test_a_blank_filter_is_none(client, blank):
    assert client.get(f"/registry?{blank}").content == client.get("/registry").content


@pytest.mark.parametrize(
    ("query", "known"), [("providers=acme", "anthropic, google, openai"), ("capabilities=telepathy", "json_mode")]
)
def test_an_unknown_filter_is_422_and_names_the_known(client, query, known):
    answer = client.get(f"/registry?{query}")
    assert answer.status_code == 422
    assert known in answer.json()["detail"]


def test_a_composed_version_stays_byte_for_byte(upstream, serve):
    server = serve(refresh_seconds=0.2)
    client = server.client(None)
    before = client.get("/registry")
    upstream.change("google/models.json", lambda file: file.update(version=2))
    from registry_kit import until

    until(lambda: client.get("/registry").json()["version"] != before.json()["version"])
    archived = client.get(f"/registry/v/{before.json()['version']}/registry.json")
    assert archived.content == before.content
    assert archived.headers["ETag"] == before.headers["ETag"]
    assert "immutable" in archived.headers["Cache-Control"]


def test_the_current_version_is_in_the_archive_too(client):
    current = client.get("/registry")
    archived = client.get(f"/registry/v/{current.json()['version']}/registry.json")
    assert archived.content == current.content
    etag = {"If-None-Match": current.headers["ETag"]}
    assert client.get(f"/registry/v/{current.json()['version']}/registry.json", headers=etag).status_code == 304


@pytest.mark.parametrize("version", ["openai.3-00000000", "a%00b", "%2e%2e", "x" * 600])
def test_a_version_that_never_was_is_404(client, version):
    assert client.get(f"/registry/v/{version}/registry.json").status_code == 404


def test_two_servers_compose_the_same_bytes(serve, small_registry):
    one, other = serve(), serve(base_url=small_registry.as_uri())
    pages = [server.client(None).get("/registry") for server in (one, other)]
    assert pages[0].content == pages[1].content
    assert pages[0].headers["ETag"] == pages[1].headers["ETag"]


def test_every_route_is_described(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/registry", "/registry.json", "/registry/manifest.json", "/registry/{provider}/models.json"} <= set(paths)
    assert {p["name"] for p in paths["/registry"]["get"]["parameters"]} >= {"providers", "capabilities"}
