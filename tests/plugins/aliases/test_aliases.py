"""Aliases over HTTP, on a real server and a real database."""

import threading

import pytest
from aliases_kit import PATH, bind, list_aliases, resolve

from llmring_aliases.models import AliasBinding
from llmring_aliases.validation import validate_target
from llmring_server.database import Notifications
from llmring_server.http.errors import Problem
from llmring_server.testing import eventually


def test_a_bound_alias_resolves(client):
    bound = bind(client, "summarizer")
    assert bound.json()["version"] == 1
    resolved = client.get(f"{PATH}/resolve", params={"alias": "summarizer"})
    assert resolved.json() == {"alias": "summarizer", "model": "openai:gpt-4o-mini", "profile": "default"}


def test_binding_again_changes_the_resolved_model_immediately(client):
    for n in range(20):
        bind(client, "fast", f"openai:m{n}")
        assert resolve(client, "fast") == f"openai:m{n}"
    assert client.get(f"{PATH}/fast").json()["version"] == 20


def test_binding_the_same_again_changes_nothing(client):
    first = bind(client, "fast", metadata={"owner": "search"})
    again = bind(client, "fast", metadata={"owner": "search"})
    assert again.json() == first.json()
    assert again.headers["etag"] == first.headers["etag"]
    assert len(client.get(f"{PATH}/history").json()) == 1


def test_changing_only_the_metadata_is_a_change(client):
    bind(client, "fast", metadata={"owner": "search"})
    assert bind(client, "fast", metadata={"owner": "chat"}).json()["version"] == 2
    assert client.get(f"{PATH}/fast").json()["metadata"] == {"owner": "chat"}


def test_a_deleted_alias_no_longer_resolves(client):
    bind(client, "fast")
    assert resolve(client, "fast")
    assert client.delete(f"{PATH}/fast").json() == {"deleted": True}
    assert resolve(client, "fast") is None
    assert client.get(f"{PATH}/fast").status_code == 404


def test_deleting_a_missing_alias_returns_deleted_false(client):
    response = client.delete(f"{PATH}/nothing")
    assert (response.status_code, response.json()) == (200, {"deleted": False})


def test_getting_a_missing_alias_is_404(client):
    assert client.get(f"{PATH}/nothing").status_code == 404
    assert client.get(f"{PATH}/resolve", params={"alias": "nothing"}).status_code == 404


def test_profiles_and_projects_are_isolated(server, client):
    bind(client, "fast", "openai:a")
    bind(client, "fast", "openai:b", profile="prod")
    other = server.client("two")
    assert (resolve(client, "fast"), resolve(client, "fast", "prod")) == ("openai:a", "openai:b")
    assert resolve(other, "fast") is None
    assert other.get(PATH).json() == []
    assert other.get(f"{PATH}/history").json() == []
    assert other.delete(f"{PATH}/fast").json() == {"deleted": False}
    assert {(a["profile"], a["model"]) for a in client.get(PATH).json()} == {
        ("default", "openai:a"),
        ("prod", "openai:b"),
    }


@pytest.mark.parametrize("path", [PATH, f"{PATH}/fast"])
def test_an_unchanged_resource_is_304(client, path):
    bind(client, "fast")
    query = {"profile": "default"}
    etag = client.get(path, params=query).headers["etag"]
    unchanged = client.get(path, params=query, headers={"If-None-Match": f'W/{etag}, "other"'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == etag
    bind(client, "fast", "openai:other")
    changed = client.get(path, params=query, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


def test_the_etag_of_a_list_survives_changes_in_other_profiles(client):
    bind(client, "fast")
    etag = list_aliases(client).headers["etag"]
    bind(client, "fast", profile="prod")
    assert list_aliases(client).headers["etag"] == etag
    assert list_aliases(client, "prod").headers["etag"] != etag


def test_two_projects_with_equal_aliases_have_different_etags(server, client):
    bind(client, "fast")
    bind(server.client("two"), "fast")
    assert list_aliases(client).headers["etag"] != list_aliases(server.client("two")).headers["etag"]


def test_a_put_succeeds_only_while_the_etag_matches(client):
    etag = bind(client, "fast").headers["etag"]
    body = {"model": "openai:b"}
    first = client.put(f"{PATH}/fast", json=body, headers={"If-Match": etag})
    assert first.status_code == 200
    late = client.put(f"{PATH}/fast", json={"model": "openai:c"}, headers={"If-Match": etag})
    assert late.status_code == 412
    assert late.headers["content-type"].startswith("application/problem+json")
    assert resolve(client, "fast") == "openai:b"
    weak = client.put(f"{PATH}/fast", json=body, headers={"If-Match": f"W/{first.headers['etag']}"})
    assert weak.status_code == 412


def test_an_alias_that_was_deleted_and_bound_again_has_another_etag(client):
    etag = bind(client, "fast").headers["etag"]
    client.delete(f"{PATH}/fast")
    assert bind(client, "fast").headers["etag"] != etag
    assert client.delete(f"{PATH}/fast", headers={"If-Match": etag}).status_code == 412


def test_a_star_requires_an_alias_to_exist_or_not_to_exist(client):
    path, body = f"{PATH}/fast", {"model": "openai:a"}
    assert client.put(path, json=body, headers={"If-Match": "*"}).status_code == 412
    assert client.put(path, json=body, headers={"If-None-Match": "*"}).status_code == 200
    assert client.put(path, json=body, headers={"If-None-Match": "*"}).status_code == 412
    assert client.put(path, json=body, headers={"If-Match": "*"}).status_code == 200
    assert client.delete(path, headers={"If-Match": "*"}).json() == {"deleted": True}
    assert client.delete(path, headers={"If-Match": "*"}).status_code == 412


def test_exactly_one_of_several_writers_with_the_same_etag_wins(server, client):
    for turn in range(10):
        etag = bind(client, "fast", f"openai:turn{turn}").headers["etag"]
        responses = []

        def write(name, etag=etag, responses=responses):
            response = server.client("one").put(
                f"{PATH}/fast", json={"model": f"openai:{name}"}, headers={"If-Match": etag}
            )
            responses.append((response.status_code, name))

        writers = [threading.Thread(target=write, args=(name,)) for name in ("a", "b", "c", "d")]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert sorted(status for status, _ in responses) == [200, 412, 412, 412]
        [winner] = [name for status, name in responses if status == 200]
        assert resolve(client, "fast") == f"openai:{winner}"


def test_aliases_beyond_the_cache_limit_resolve_correctly(llmring_live):
    client = llmring_live(["aliases"], aliases={"cached_aliases": 30}).client("one")
    for n in range(10):
        bind(client, f"a{n}", profile=f"p{n}")
    for _ in range(2):
        assert [resolve(client, f"a{n}", f"p{n}") for n in range(10)] == ["openai:gpt-4o-mini"] * 10


def test_cached_reads_need_no_database(server, client):
    bind(client, "fast")

    def round_without_database():
        before = server.server.database.pool.get_stats()["requests_num"]
        for _ in range(20):
            assert resolve(client, "fast")
            assert list_aliases(client).status_code == 200
        return server.server.database.pool.get_stats()["requests_num"] == before

    assert eventually(round_without_database)


@pytest.mark.parametrize("name", ["a%00b", "%ED%A0%80", "a b", "x" * 129])
@pytest.mark.parametrize("live", [True, False])
def test_getting_an_invalid_name_is_404(server, client, monkeypatch, name, live):
    eventually(lambda: server.server.notifications.live)
    monkeypatch.setattr(Notifications, "live", live)
    assert client.get(f"{PATH}/{name}").status_code == 404
    assert client.delete(f"{PATH}/{name}").json() == {"deleted": False}


def test_two_projects_with_the_same_query_get_their_own_responses(server):
    one, two = server.client("one"), server.client("two")
    for n in range(3):
        bind(one, "fast", f"openai:one-{n}")
        bind(two, "fast", f"openai:two-{n}")
        for _ in range(2):
            assert (resolve(one, "fast"), resolve(two, "fast")) == (f"openai:one-{n}", f"openai:two-{n}")


@pytest.mark.parametrize("query", ["alias=fast", "profile=default&alias=fast", f"alias=fast{'&profile=' * 40}"])
def test_every_form_of_a_query_resolves_to_the_current_model(client, query):
    for model in ("openai:a", "openai:b"):
        bind(client, "fast", model)
        assert [client.get(f"{PATH}/resolve?{query}").json()["model"] for _ in range(3)] == [model] * 3
    client.delete(f"{PATH}/fast")
    assert [client.get(f"{PATH}/resolve?{query}").status_code for _ in range(2)] == [404] * 2


@pytest.mark.parametrize("name", ["watch", "history", "bind", ".", "..", "a b", "a/b", "é", "x" * 129])
def test_binding_an_invalid_name_is_422(client, name):
    response = client.post(f"{PATH}/bind", json={"alias": name, "model": "openai:a"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "alias"]


@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_that_is_a_relative_path_is_422_on_every_route_that_binds(client, name):
    escaped = name.replace(".", "%2E")
    bulk = client.post(f"{PATH}/bulk_upsert", json=[{"alias": name, "model": "openai:a"}])
    assert (bulk.status_code, bulk.json()["errors"][0]["loc"]) == (422, ["body", 0, "alias"])
    assert client.put(f"{PATH}/{escaped}", json={"model": "openai:a"}).status_code == 422
    with pytest.raises(Problem) as refused:
        validate_target(AliasBinding(alias=name, model="openai:a"))
    assert "relative path" in refused.value.faults[0].msg


@pytest.mark.own_server
def test_an_alias_of_such_a_name_from_an_earlier_version_can_be_deleted(server, client):
    bind(client, "fast", "openai:a")
    server.rows("UPDATE aliases SET alias = '..' RETURNING alias")
    assert client.delete(f"{PATH}/%2E%2E").json() == {"deleted": True}
