"""Bulk updates of aliases, and the history."""

import threading

import httpx
import pytest
from aliases_kit import PATH, bind, list_aliases, models, replace

MANY = 10_000


def test_a_bulk_update_is_all_or_nothing(client):
    body = [{"alias": "fine", "model": "openai:a"}, {"alias": "not fine", "model": "no model"}]
    response = client.post(f"{PATH}/bulk_upsert", json=body)
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["errors"]] == [["body", 1, "alias"], ["body", 1, "model"]]
    assert models(client) == {}


def test_a_bulk_update_without_replace_leaves_the_other_aliases(client):
    bind(client, "old", "openai:old")
    response = client.post(f"{PATH}/bulk_upsert", json=[{"alias": "new", "model": "openai:new"}])
    assert response.json() == {"updated": 1}
    assert models(client) == {"old": "openai:old", "new": "openai:new"}


def test_replace_makes_the_profile_exactly_the_given_set(client):
    bind(client, "kept", "openai:kept")
    bind(client, "gone")
    bind(client, "elsewhere", profile="prod")
    response = replace(client, {"kept": "openai:kept", "new": "openai:new"})
    assert response.json() == {"updated": 2, "deleted": 1}
    assert models(client) == {"kept": "openai:kept", "new": "openai:new"}
    assert client.get(f"{PATH}/kept").json()["version"] == 1
    assert set(models(client, "prod")) == {"elsewhere"}
    assert replace(client, {}).json() == {"updated": 0, "deleted": 2}


def test_replace_refuses_entries_of_other_profiles(client):
    body = [{"alias": "a", "model": "openai:a", "profile": "prod"}]
    response = client.post(f"{PATH}/bulk_upsert", params={"replace": "true"}, json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", 0, "profile"]


@pytest.mark.parametrize("mode", ["false", "true"], ids=["update", "replace"])
def test_a_list_that_is_sent_to_another_profile_is_bound_there(client, mode):
    bind(client, "chat", "openai:new")
    bind(client, "chat", "openai:old", profile="prod")
    fields = ("alias", "model", "metadata", "profile")
    body = [{name: entry[name] for name in fields} for entry in list_aliases(client).json()]
    response = client.post(f"{PATH}/bulk_upsert", params={"profile": "prod", "replace": mode}, json=body)
    assert response.json()["updated"] == 1
    assert models(client, "prod") == {"chat": "openai:new"}
    assert client.get(f"{PATH}/chat").json()["version"] == 1


def test_without_a_profile_in_the_query_each_entry_is_bound_in_its_own(client):
    body = [{"alias": "a", "model": "openai:a", "profile": "prod"}, {"alias": "a", "model": "openai:b"}]
    assert client.post(f"{PATH}/bulk_upsert", json=body).json() == {"updated": 2}
    assert (models(client, "prod"), models(client)) == ({"a": "openai:a"}, {"a": "openai:b"})


def test_one_alias_of_two_profiles_cannot_be_bound_twice_in_one(client):
    body = [{"alias": "a", "model": "openai:a", "profile": "prod"}, {"alias": "a", "model": "openai:b"}]
    response = client.post(f"{PATH}/bulk_upsert", params={"profile": "dev"}, json=body)
    assert response.json()["errors"] == [{"loc": ["body", 1, "alias"], "msg": "This is the same alias as in entry 0."}]


def test_replace_succeeds_only_while_the_etag_of_the_list_matches(client):
    bind(client, "a")
    etag = list_aliases(client).headers["etag"]
    bind(client, "elsewhere", profile="prod")
    assert replace(client, {"a": "openai:b"}, **{"If-Match": etag}).status_code == 200
    assert replace(client, {}, **{"If-Match": etag}).status_code == 412
    assert models(client) == {"a": "openai:b"}


def test_readers_see_the_old_set_or_the_new_one_and_never_a_mix(llmring_process):
    writer, reader = (llmring_process(LLMRING_PLUGINS="aliases").wait_until_up() for _ in range(2))
    headers = {"X-Project-Key": "one"}
    seen: list[set[str]] = []
    done = threading.Event()

    def read(url):
        with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
            while not done.is_set():
                seen.append({model.partition("-")[0] for model in models(client).values()})

    with httpx.Client(base_url=writer.url, headers=headers, timeout=60) as client:
        assert replace(client, {f"a{n}": "openai:0-x" for n in range(MANY)}).json()["updated"] == MANY
        readers = [threading.Thread(target=read, args=(url,)) for url in (writer.url, reader.url)]
        for thread in readers:
            thread.start()
        for turn in range(1, 5):
            names = [f"a{n}" for n in range(turn, MANY + turn)]
            response = replace(client, dict.fromkeys(names, f"openai:{turn}-x"))
            assert response.json() == {"updated": MANY, "deleted": 1}
        done.set()
        for thread in readers:
            thread.join()
    assert len(seen) > 4
    assert all(len(generations) == 1 for generations in seen)


def test_history_lists_changes_with_their_keys_newest_first(server, client):
    bind(client, "fast", "openai:a")
    bind(client, "fast", "openai:b", metadata={"why": "cheaper"})
    bind(client, "slow", profile="prod")
    client.delete(f"{PATH}/fast")
    found = client.get(f"{PATH}/history").json()
    listed = [(e["seq"], e["profile"], e["alias"], e["action"], e["previous_model"], e["model"]) for e in found]
    assert listed == [
        (4, "default", "fast", "unbind", "openai:b", None),
        (3, "prod", "slow", "bind", None, "openai:gpt-4o-mini"),
        (2, "default", "fast", "bind", "openai:a", "openai:b"),
        (1, "default", "fast", "bind", None, "openai:a"),
    ]
    assert found[2]["metadata"] == {"why": "cheaper"}
    [project] = {
        row["project_id"]
        for row in server.rows("SELECT project_id FROM aliases WHERE project_id = %s", [server.project_id("one")])
    }
    assert {entry["key_id"] for entry in found} == {project}
    assert [e["seq"] for e in client.get(f"{PATH}/history", params={"alias": "fast"}).json()] == [4, 2, 1]
    assert [e["seq"] for e in client.get(f"{PATH}/history", params={"profile": "prod"}).json()] == [3]


def test_pages_of_history_contain_each_change_once(client):
    replace(client, {f"a{n}": "openai:a" for n in range(25)})
    url, found = f"{PATH}/history?limit=10", []
    while url:
        page = client.get(url)
        found += [entry["seq"] for entry in page.json()]
        url = page.links.get("next", {}).get("url")
    assert found == list(range(25, 0, -1))


def test_changes_of_one_project_from_many_writers_are_numbered_without_a_gap(server):
    def write(name):
        client = server.client("one")
        for n in range(20):
            bind(client, f"{name}{n % 3}", f"openai:{n}")

    writers = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = server.client("one").get(f"{PATH}/history", params={"limit": 500}).json()
    assert [entry["seq"] for entry in found] == list(range(80, 0, -1))
    assert server.client("one").get(PATH).headers["x-alias-version"] == "80"
