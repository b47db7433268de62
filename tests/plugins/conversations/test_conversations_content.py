"""Content modes: which texts are stored in the database."""

import hmac

import pytest
from conversations_kit import API, CALL

CANARY = "canary-7f3a"
TABLES = ("conversations", "conversation_messages", "conversation_claims", "usage_logs")


def store(client):
    """Send the canary in every field that can contain text, and return the ids of the conversations."""
    tools = [{"function": {"arguments": CANARY}}]
    said = {"role": "assistant", "content": CANARY, "tool_calls": tools, "metadata": {"tool_calls": tools}}
    made = client.post(API, json={"title": "label", "system_prompt": CANARY, "metadata": [CANARY]}).json()["id"]
    one = f"{API}/{made}"
    assert client.patch(one, json={"system_prompt": CANARY, "metadata": CANARY}).status_code == 200
    assert client.post(f"{one}/messages", json=said).status_code == 200
    assert client.post(f"{one}/messages/batch", json={"messages": [said], "logging_level": "full"}).status_code == 200
    reply = {**CALL["response"], "content": [{"text": CANARY}], "tool_calls": tools, "usage": {"note": CANARY}}
    logged = client.post(f"{API}/log", json={**CALL, "messages": [said], "response": reply})
    assert logged.status_code == 200
    return made, logged.json()["conversation_id"]


def dump_tables(server):
    return "\n".join(str(server.rows(f"SELECT row_to_json(t)::text AS row FROM {table} t")) for table in TABLES)


@pytest.mark.parametrize("mode", ["hash", "none"])
def test_no_text_reaches_the_database(llmring_live, mode):
    server = llmring_live(["usage", "conversations"], conversations={"content": mode}, key_pepper="pepper")
    client = server.client()
    for conversation in store(client):
        found = client.get(f"{API}/{conversation}")
        assert CANARY not in found.text
        assert found.json()["system_prompt"] is None
        for said in found.json()["messages"]:
            assert (said["content"], said["tool_calls"], said["metadata"]) == (None, None, None)
            assert (said["content_digest"] is None) is (mode == "none")
            assert (said["content_bytes"] is None) is (mode == "none")
    assert CANARY not in dump_tables(server)


def test_full_stores_all_text(llmring_live):
    server = llmring_live(["usage", "conversations"])
    store(server.client())
    assert dump_tables(server).count(CANARY) > 10


def test_labels_tokens_and_costs_are_stored_in_every_mode(start_server, converse):
    client = start_server(["usage", "conversations"], conversations={"content": "none"}).client()
    logged = converse(client)
    found = client.get(f"{API}/{logged['conversation_id']}").json()
    assert (found["model_alias"], found["metadata"]) == ("fast", CALL["metadata"])
    assert [(said["role"], said["token_count"]) for said in found["messages"]] == [("user", None), ("assistant", 1050)]
    assert client.get("/api/v1/logs").json()[0]["cost"] == 0.25


def test_equal_texts_of_a_project_have_equal_digests(llmring_live):
    server = llmring_live(["conversations"], conversations={"content": "hash"}, key_pepper="pepper")

    def digests(client, *contents):
        made = client.post(API, json={}).json()["id"]
        for content in contents:
            client.post(
                f"{API}/{made}/messages",
                content=f'{{"content": {content}}}',
                headers={"Content-Type": "application/json"},
            )
        return [(said["content_digest"], said["content_bytes"]) for said in client.get(f"{API}/{made}/messages").json()]

    client = server.client("one")
    plain, escaped, other, parts, nothing = digests(client, '"é"', r'"\u00e9"', '"e"', '[{"text":"é"}]', "null")
    assert plain == escaped
    assert plain[1] == 2
    assert len({plain[0], other[0], parts[0]}) == 3
    assert nothing == (None, None)
    assert digests(server.client("two"), '"é"')[0][0] != plain[0]
    project = client.get(API).json()[0]["project_id"]
    said = b"llmring-server conversation content\0" + project.encode() + b"\0" + "é".encode()
    assert plain[0] == hmac.digest(b"pepper", said, "sha256").hex()


def test_the_digest_depends_on_the_pepper(llmring_database, make_digest):
    assert make_digest("one") != make_digest("two")


@pytest.fixture
def make_digest():
    """Return a function that digests a text with a pepper."""
    import msgspec

    from llmring_conversations.content import ContentPolicy
    from llmring_conversations.models import NewMessage

    def digest(pepper):
        message = NewMessage(content=msgspec.Raw(b'"text"'))
        return ContentPolicy("hash", pepper.encode(), 262_144).to_rows("prj", [message])[0].content_digest

    return digest


def test_hash_without_a_pepper_logs_a_warning(llmring_live, caplog):
    llmring_live(["conversations"], conversations={"content": "hash"})
    assert "LLMRING_KEY_PEPPER is empty" in caplog.text


def test_an_invalid_mode_stops_the_start(llmring_cli):
    done = llmring_cli("config", LLMRING_PLUGINS="conversations", LLMRING_CONVERSATIONS_CONTENT="some")
    assert done.returncode == 1
    assert "LLMRING_CONVERSATIONS_CONTENT" in done.stderr
