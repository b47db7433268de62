"""More tokens of a kind than a call may have are refused with their place, whatever way they are sent."""

import json

import pytest

CALL = {"provider": "openai", "model": "gpt-5-mini", "output_tokens": 1}
ALLOWED, TOO_MANY = 10**10, 10**10 + 1
LOC = ["body", "input_tokens"]


@pytest.fixture
def client(start_server):
    return start_server(["usage", "conversations"]).client()


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"input_tokens": TOO_MANY}, ("input_tokens",)),
        ({"input_tokens": 1, "output_tokens": TOO_MANY}, ("output_tokens",)),
        ({"input_tokens": 1, "reasoning_tokens": TOO_MANY}, ("output_tokens",)),
        ({"input_tokens": 1, "cached_input_tokens": TOO_MANY}, ("cached_input_tokens",)),
        ({"input_tokens": 1, "cache_read_tokens": TOO_MANY}, ("cache_read_tokens",)),
        ({"input_tokens": 1, "cache_write_tokens": TOO_MANY}, ("cache_write_tokens",)),
        ({"input_tokens": 1, "cache_write_5m_tokens": TOO_MANY}, ("cache_write_5m_tokens",)),
        ({"input_tokens": 1, "cache_write_1h_tokens": TOO_MANY}, ("cache_write_1h_tokens",)),
        ({"input_tokens": 1, "cache_write_30m_tokens": TOO_MANY}, ("cache_write_30m_tokens",)),
        ({"input_tokens": 2 * TOO_MANY, "audio_input_tokens": TOO_MANY}, ("input_tokens",)),
        ({"input_tokens": TOO_MANY, "audio_input_tokens": TOO_MANY}, ("audio_input_tokens",)),
        ({"input_tokens": 1, "units": {"web_search": TOO_MANY}}, ("units", "web_search")),
        ({"output_tokens": None, "usage": {"prompt_tokens": TOO_MANY, "completion_tokens": 1}}, ("usage",)),
        ({"output_tokens": None, "prompt_tokens": TOO_MANY, "completion_tokens": 1}, ("usage",)),
    ],
)
def test_too_many_tokens_of_a_kind_are_refused_with_their_place(client, fields, place):
    sent = {name: value for name, value in {**CALL, **fields}.items() if value is not None}
    answer = client.post("/api/v1/log", json=sent)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["loc"] == ["body", *place]
    assert "more than 10,000,000,000 in one call" in error["msg"]
    assert "LLMRING_USAGE_MAX_TOKENS" in error["msg"]


def test_as_many_tokens_as_allowed_are_logged_of_every_kind(client):
    many = {"output_tokens": ALLOWED, "reasoning_tokens": ALLOWED, "input_tokens": ALLOWED, "input_includes": "none"}
    assert client.post("/api/v1/log", json={**CALL, **many, "cache_read_tokens": ALLOWED}).status_code == 200


def test_in_a_batch_only_the_entry_with_too_many_tokens_is_refused(client):
    entries = [{**CALL, "input_tokens": 3 * 10**9}, {**CALL, "input_tokens": TOO_MANY}]
    lines = "\n".join(map(json.dumps, entries))
    for answer in (
        client.post("/api/v1/log/batch", json=entries),
        client.post("/api/v1/log/batch", content=lines, headers={"Content-Type": "application/x-ndjson"}),
    ):
        body = answer.json()
        assert (body["accepted"], body["rejected"]) == (1, 1)
        assert body["results"][1]["error"]["loc"] == ["body", 1, "input_tokens"]


def test_a_conversation_with_too_many_tokens_is_refused(client):
    call = {"messages": [], "response": {"content": "x"}, "metadata": {**CALL, "input_tokens": TOO_MANY}}
    answer = client.post("/api/v1/conversations/log", json=call)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"][-1] == "input_tokens"


def test_the_limit_can_be_set(start_server):
    client = start_server(["usage"], usage={"max_tokens": 100}).client()
    assert client.post("/api/v1/log", json={**CALL, "input_tokens": 100}).status_code == 200
    assert client.post("/api/v1/log", json={**CALL, "input_tokens": 101}).status_code == 422
