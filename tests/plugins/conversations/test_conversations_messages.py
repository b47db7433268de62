"""Messages of a conversation: added one by one and in batches, in order, with their text as sent."""

import json
import threading

import pytest

API = "/api/v1/conversations"
PARTS = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
TOOL_CALLS = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}]


@pytest.fixture
def messages(client, create):
    """The path of the messages of a new conversation."""
    return f"{API}/{create(client)['id']}/messages"


def test_a_message_has_the_fields_that_clients_read(client, messages):
    said = client.post(messages, json={"role": "user", "content": "hi", "metadata": {"model_requested": "fast"}}).json()
    assert said["id"]
    assert (said["role"], said["content"], said["metadata"]) == ("user", "hi", {"model_requested": "fast"})
    assert (said["position"], said["input_tokens"], said["token_count"]) == (0, None, None)
    assert said["timestamp"].endswith("Z")
    assert client.get(messages).json() == [said]


def test_a_batch_is_stored_in_order_and_counted(client, messages):
    batch = {
        "conversation_id": "whatever",
        "logging_level": "full",
        "messages": [
            {"role": "user", "content": "hi", "metadata": {"temperature": None}},
            {"role": "assistant", "content": "hello", "input_tokens": 12, "output_tokens": 3},
        ],
    }
    added = client.post(f"{messages}/batch", json=batch).json()
    assert [(said["position"], said["content"], said["token_count"]) for said in added] == [
        (0, "hi", None),
        (1, "hello", 15),
    ]
    again = client.post(f"{messages}/batch", json=batch).json()
    assert [said["position"] for said in again] == [2, 3]
    found = client.get(messages.removesuffix("/messages")).json()
    assert (found["message_count"], found["total_tokens"]) == (4, 30)
    assert found["messages"] == added + again
    assert found["updated_at"] > found["created_at"]


@pytest.mark.parametrize(
    "content",
    [
        '"plain"', '""', "null", "[]", "{}", "true", "0",
        '"zażółć 🚀 \\"quoted\\" \\\\ \\n"',
        '["\\u00e9", "\\ud83d\\ude80"]',
        '{"price": 1.10, "big": 123456789012345678901234567890.123456789, "e": 1E400}',
        '{"twice": 1, "twice": 2}',
        '[ {"type":"text" , "text":"spaces stay"} ]',
        json.dumps(PARTS),
    ],
)  # fmt: skip
def test_content_is_returned_as_it_was_sent(client, messages, content):
    body = f'{{"role": "user", "content": {content}}}'
    response = client.post(messages, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200, response.text
    assert f'"content":{content},'.encode() in client.get(messages).content


def test_tool_calls_names_and_results_are_stored(client, messages):
    client.post(messages, json={"role": "assistant", "content": None, "tool_calls": TOOL_CALLS, "timestamp": None})
    client.post(messages, json={"role": "tool", "content": "42", "tool_call_id": "c1", "name": "f"})
    called, result = client.get(messages).json()
    assert (called["content"], called["tool_calls"]) == (None, TOOL_CALLS)
    assert (result["tool_call_id"], result["name"]) == ("c1", "f")


def test_escapes_in_a_text_are_decoded(client, messages):
    body = r'{"content": "caf\u00e9 \ud83d\ude80 \/ \u001f"}'
    client.post(messages, content=body, headers={"Content-Type": "application/json"})
    assert client.get(messages).json()[0]["content"] == "café 🚀 / \x1f"


@pytest.mark.parametrize("text", [r"\u0000", r"\ud800"])
def test_text_that_cannot_be_stored_is_4xx_everywhere(client, messages, text):
    headers = {"Content-Type": "application/json"}
    for path, body in (
        (API, f'{{"title": "{text}"}}'),
        (messages, f'{{"role": "user", "content": "{text}"}}'),
        (messages, f'{{"role": "user", "content": {{"{text}": 1}}}}'),
        (f"{messages}/batch", f'{{"messages": [{{"content": "{text}"}}]}}'),
        (f"{API}/log", f'{{"messages": [], "response": {{"content": "{text}"}}}}'),
    ):
        assert client.post(path, content=body, headers=headers).status_code == 422


def test_an_invalid_message_rejects_the_whole_batch(client, messages):
    batch = {"messages": [{"role": "user", "content": "hi"}, {"role": "user", "input_tokens": -1}]}
    response = client.post(f"{messages}/batch", json=batch)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "messages", 1, "input_tokens"]
    assert client.get(messages).json() == []


def test_a_timestamp_needs_an_offset(client, messages):
    said = client.post(messages, json={"role": "user", "content": "x", "timestamp": "2026-01-02T03:04:05+01:00"})
    assert said.json()["timestamp"] == "2026-01-02T02:04:05Z"
    assert client.post(messages, json={"role": "user", "timestamp": "2026-01-02T03:04:05"}).status_code == 422


def test_a_conversation_contains_its_latest_messages_in_order(client, messages):
    for number in range(5):
        client.post(messages, json={"role": "user", "content": number})
    one = messages.removesuffix("/messages")
    assert [said["content"] for said in client.get(one, params={"message_limit": 2}).json()["messages"]] == [3, 4]
    assert client.get(one, params={"message_limit": 0}).json()["messages"] == []
    assert len(client.get(one).json()["messages"]) == 5


def test_messages_page_by_offset_and_by_link(client, messages):
    for number in range(7):
        client.post(messages, json={"role": "user", "content": number})
    assert [said["content"] for said in client.get(messages, params={"limit": 2, "offset": 3}).json()] == [3, 4]
    response = client.get(messages, params={"limit": 3})
    seen = [said["content"] for said in response.json()]
    while "next" in response.links:
        response = client.get(response.links["next"]["url"])
        seen += [said["content"] for said in response.json()]
    assert seen == list(range(7))


def test_the_largest_counts_are_added_up_exactly(client, messages):
    most = 2**63 - 1
    said = client.post(messages, json={"role": "assistant", "input_tokens": most, "output_tokens": most}).json()
    client.post(messages, json={"role": "assistant", "input_tokens": most})
    assert said["token_count"] == 2 * most
    assert client.get(messages.removesuffix("/messages")).json()["total_tokens"] == 3 * most


def test_concurrent_writers_never_share_a_position(server, messages):
    def write():
        with_own = server.client("one")
        for _ in range(5):
            assert with_own.post(f"{messages}/batch", json={"messages": [{}, {}]}).status_code == 200

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = server.client("one").get(messages, params={"limit": 1000}).json()
    assert [said["position"] for said in found] == list(range(40))


def test_no_text_is_stored_if_the_client_disables_it(client, messages, server):
    said = {"role": "user", "content": "secret", "metadata": {"also": "secret"}, "input_tokens": 3}
    (stored,) = client.post(f"{messages}/batch", json={"messages": [said], "logging_level": "metadata"}).json()
    assert (stored["content"], stored["metadata"], stored["input_tokens"]) == (None, None, 3)
    assert client.post(f"{messages}/batch", json={"messages": [said], "logging_level": "none"}).json() == []
    assert len(client.get(messages).json()) == 1
    query = "SELECT * FROM conversation_messages WHERE project_id = %s"
    assert "secret" not in str(server.rows(query, [server.project_id("one")]))
