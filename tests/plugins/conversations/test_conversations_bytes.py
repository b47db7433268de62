"""Limits in bytes: messages, prompts and metadata, and pages of conversations and messages."""

import pytest
from conversations_kit import API, CALL

LIMIT = 256 * 1024
PAGE = 1024 * 1024
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


@pytest.fixture
def messages(client, create):
    """The path of the messages of a new conversation."""
    return f"{API}/{create(client)['id']}/messages"


def test_a_message_up_to_the_limit_is_stored_and_a_larger_one_is_refused(client, messages):
    assert client.post(messages, json={"content": "x" * (LIMIT - 2)}).status_code == 200
    answer = client.post(messages, json={"content": "x" * (LIMIT - 1)})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{
        "loc": ["body", "messages", 0],
        "msg": "This has 262,145 bytes; at most 262,144 are stored. Send less, or raise LLMRING_MAX_ITEM_BYTES.",
    }]  # fmt: skip


def test_the_parts_of_a_message_count_together(client, messages):
    message = {"content": "x" * 150_000, "metadata": {"note": "y" * 150_000}}
    assert client.post(messages, json=message).status_code == 422


def test_a_batch_with_a_large_message_names_it_and_stores_none(client, messages):
    batch = {"messages": [{"content": "a"}, {"content": "x" * LIMIT}]}
    answer = client.post(f"{messages}/batch", json=batch)
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["body", "messages", 1])
    assert client.get(messages).json() == []


@pytest.mark.parametrize("field", ["system_prompt", "metadata"])
def test_a_conversation_with_a_large_text_is_refused_with_its_place(client, create, field):
    conversation = create(client, **{field: "x" * (LIMIT - 2)})["id"]
    for answer in (
        client.post(API, json={field: "ü" * LIMIT}),
        client.patch(f"{API}/{conversation}", json={field: "x" * (LIMIT + 1)}),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["body", field])


def test_a_transcript_with_a_large_message_is_neither_stored_nor_billed(client):
    call = {**CALL, "messages": [{"role": "user", "content": "x" * LIMIT}]}
    assert client.post(f"{API}/log", json=call).status_code == 422
    assert client.get(API).json() == client.get("/api/v1/logs").json() == []


def test_text_that_is_not_stored_has_no_limit_of_its_own(llmring_live):
    client = llmring_live(["conversations"], conversations={"content": "hash"}).client()
    conversation = client.post(API, json={}).json()["id"]
    answer = client.post(f"{API}/{conversation}/messages", json={"content": "x" * LIMIT})
    assert answer.json()["content_bytes"] == LIMIT


def test_pages_of_messages_end_at_their_bytes_and_have_each_message_once(client, messages):
    for _ in range(12):
        assert client.post(messages, json={"content": BIG}).status_code == 200
    found = list(pages(client, messages, limit=1000))
    assert len(found) == 3
    assert max(len(page.content) for page in found) < PAGE + LIMIT
    assert [said["position"] for page in found for said in page.json()] == list(range(12))


def test_a_conversation_comes_with_the_latest_messages_that_fit(client, messages):
    for _ in range(12):
        client.post(messages, json={"content": BIG})
    said = client.get(messages.removesuffix("/messages"), params={"message_limit": 1000}).json()["messages"]
    assert [one["position"] for one in said] == [7, 8, 9, 10, 11]


def test_pages_of_conversations_end_at_their_bytes_and_have_each_one_once(client, create):
    created = [create(client, system_prompt=BIG)["id"] for _ in range(12)]
    found = list(pages(client, API, limit=1000))
    assert len(found) == 3
    assert [one["id"] for page in found for one in page.json()] == created[::-1]
