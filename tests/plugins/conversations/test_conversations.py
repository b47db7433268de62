"""Conversations: create, list, get, update, delete."""

import uuid

import pytest

API = "/api/v1/conversations"
PREFIXES = [API, "/conversations"]


def test_a_created_conversation_is_returned_as_it_was_sent(client, create):
    made = create(client, title="Trip", system_prompt="Be brief.", model_alias="fast", temperature=0.7, max_tokens=200)
    assert uuid.UUID(made["id"]).version == 7
    found = client.get(f"{API}/{made['id']}").json()
    assert {**made, "messages": []} == found
    assert (found["title"], found["system_prompt"], found["model_alias"]) == ("Trip", "Be brief.", "fast")
    assert (found["temperature"], found["max_tokens"]) == (0.7, 200)
    assert (found["message_count"], found["total_tokens"], found["log_id"]) == (0, 0, None)
    assert found["created_at"].endswith("Z")


def test_every_field_may_be_null_or_absent(client, create):
    create(client)
    create(client, title=None, system_prompt=None, model_alias="default", temperature=0.7, max_tokens=None)


def test_unknown_fields_are_ignored(client, create):
    assert create(client, title="t", project_id="theirs")["project_id"].startswith("prj_")


@pytest.mark.parametrize("path", [f"{prefix}{slash}" for prefix in PREFIXES for slash in ("", "/")])
def test_both_prefixes_serve_the_same_with_and_without_a_trailing_slash(client, path):
    made = client.post(path, json={"title": "t"}).json()
    slash = "/" if path.endswith("/") else ""
    one = f"{path.rstrip('/')}/{made['id']}"
    assert [row["id"] for row in client.get(path, params={"limit": 20, "offset": 0}).json()] == [made["id"]]
    assert client.get(one + slash).json()["id"] == made["id"]
    assert client.patch(one + slash, json={"title": "u"}).json()["title"] == "u"
    assert client.post(f"{one}/messages{slash}", json={"role": "user", "content": "hi"}).status_code == 200
    assert client.post(f"{one}/messages/batch{slash}", json={"messages": []}).json() == []
    assert [message["content"] for message in client.get(f"{one}/messages{slash}").json()] == ["hi"]
    assert client.post(f"{path.rstrip('/')}/log{slash}", json={"messages": []}).status_code == 200
    assert client.delete(one + slash).json() == {"deleted": True}


def test_the_list_is_newest_first_and_pages_by_offset(client, create):
    made = [create(client, title=str(number))["title"] for number in range(5)]
    titles = [row["title"] for row in client.get(API, params={"limit": 2, "offset": 1}).json()]
    assert titles == made[::-1][1:3]


def test_links_lead_through_every_conversation_once(client, create):
    made = {create(client)["id"] for _ in range(7)}
    response = client.get(API, params={"limit": 3})
    seen = [row["id"] for row in response.json()]
    while "next" in response.links:
        create(client)
        response = client.get(response.links["next"]["url"])
        seen += [row["id"] for row in response.json()]
    assert len(seen) == 7
    assert set(seen) == made


def test_patch_changes_given_fields_and_clears_null_ones(client, create):
    made = create(client, title="old", system_prompt="p", model_alias="fast", metadata={"n": 1})
    changed = client.patch(f"{API}/{made['id']}", json={"title": "new", "system_prompt": None}).json()
    assert (changed["title"], changed["system_prompt"]) == ("new", None)
    assert (changed["model_alias"], changed["metadata"]) == ("fast", {"n": 1})
    assert changed["updated_at"] > made["updated_at"]
    assert client.patch(f"{API}/{made['id']}", json={"metadata": None}).json()["metadata"] is None


def test_an_empty_patch_changes_nothing(client, create):
    made = create(client, title="t")
    assert client.patch(f"{API}/{made['id']}", json={}).json() == made


def test_delete_deletes_the_messages_too(client, create, server):
    made = create(client)
    client.post(f"{API}/{made['id']}/messages", json={"role": "user", "content": "hi"})
    assert client.delete(f"{API}/{made['id']}").json() == {"deleted": True}
    assert client.delete(f"{API}/{made['id']}").json() == {"deleted": False}
    assert server.rows("SELECT * FROM conversation_messages WHERE project_id = %s", [server.project_id("one")]) == []


@pytest.mark.parametrize("unknown", ["586b464f-9192-4a90-b89a-2245322fd5a4", "nothing", "%20", "1"])
def test_an_unknown_conversation_is_404(client, unknown):
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "t"}),
        ("PATCH", "", {}),
        ("GET", "/messages", None),
        ("POST", "/messages", {"role": "user", "content": "hi"}),
        ("POST", "/messages/batch", {"messages": [{"role": "user", "content": "hi"}]}),
        ("POST", "/messages/batch", {"messages": []}),
    ):
        response = client.request(method, f"{API}/{unknown}{path}", json=body)
        assert response.status_code == 404, (method, path, response.text)
        assert "no conversation" in response.json()["detail"]


def test_another_projects_conversation_looks_like_an_unknown_one(server, client, create, converse):
    mine = [create(client, title="mine")["id"], converse(client)["conversation_id"]]
    other = server.client("two")
    assert other.get(API).json() == []
    for conversation in mine:
        one = f"{API}/{conversation}"
        assert other.get(one).status_code == 404
        assert other.get(f"{one}/messages").status_code == 404
        assert other.patch(one, json={"title": "theirs"}).status_code == 404
        assert other.post(f"{one}/messages", json={"role": "user", "content": "hi"}).status_code == 404
        assert other.delete(one).json() == {"deleted": False}
        assert client.get(one).status_code == 200
    assert client.get(f"{API}/{mine[0]}").json()["title"] == "mine"


@pytest.mark.parametrize(
    ("path", "query"),
    [("", "limit=0"), ("", "limit=1001"), ("", "cursor=x"), ("", "offset=-1"), ("/{id}", "message_limit=-1")],
)
def test_an_invalid_query_is_422(client, create, path, query):
    made = create(client)
    assert client.get(API + path.format(id=made["id"]) + "?" + query).status_code == 422


@pytest.mark.parametrize(
    "body", [{"title": 1}, {"temperature": "hot"}, {"max_tokens": -1}, {"max_tokens": 2**63}, {"title": "x" * 1001}]
)
def test_an_invalid_body_is_422(client, body):
    response = client.post(API, json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", next(iter(body))]


def test_a_request_without_a_key_is_401(server):
    assert server.client(None).get(API).status_code == 401
    assert server.client(None).get("/conversations").status_code == 401


def test_conversations_work_without_usage(llmring_live, converse):
    client = llmring_live(["conversations"]).client("one")
    logged = converse(client)
    assert (logged["log_id"], logged["cost"]) == (None, None)
    assert client.get(f"{API}/{logged['conversation_id']}").json()["message_count"] == 2


def test_usage_works_without_conversations(llmring_live, follow):
    client = llmring_live(["usage"]).client("one")
    conversation = str(uuid.uuid4())
    assert follow(client, conversation)["log_id"] != follow(client, conversation)["log_id"]
