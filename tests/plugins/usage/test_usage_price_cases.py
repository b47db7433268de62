"""What calls cost, over HTTP: the golden values, and public cases derived from the providers' own pages."""

import json
from decimal import Decimal

import pytest

MINI = {"provider": "openai", "model": "gpt-5-mini"}
SONNET = {"provider": "anthropic", "model": "claude-sonnet-4-5-20250929", "output_tokens": 150}
PRO = {"provider": "google", "model": "gemini-2.5-pro"}
O3 = {"provider": "openai", "model": "o3", "input_tokens": 1_000_000, "output_tokens": 1_000_000}

GOLDEN = [
    ({**MINI, "input_tokens": 9500, "output_tokens": 150, "cached_input_tokens": 8000}, "0.000875", "0.000875"),
    (
        {**SONNET, "input_tokens": 500, "cached_input_tokens": 8000, "cache_write_5m_tokens": 600,
         "cache_write_1h_tokens": 400},
        "0.0108", "0.0108",
    ),
    (
        {**SONNET, "input_tokens": 1500, "cached_input_tokens": 8000, "cache_write_5m_tokens": 600,
         "cache_write_1h_tokens": 400},
        "0.0138", "0.0138",
    ),
    ({**SONNET, "input_tokens": 1500, "cached_input_tokens": 8000, "cache_write_tokens": 1000}, "0.0129", "0.0129"),
    ({"provider": "openai", "model": "text-embedding-3-small", "input_tokens": 1_000_000}, "0.02", "0.02"),
    (
        {"provider": "google", "model": "gemini-2.0-flash-lite", "input_tokens": 1000, "output_tokens": 1000,
         "cached_input_tokens": 500},
        "0.000375", "0.000375",
    ),
    ({**PRO, "input_tokens": 250_000, "output_tokens": 1000}, "0.385", "0.64"),
]  # fmt: skip

PUBLIC = {
    "an OpenAI chat call with cached input": (
        {**MINI, "usage": {"prompt_tokens": 2746, "prompt_tokens_details": {"cached_tokens": 2208},
                           "completion_tokens": 197, "total_tokens": 2943}},
        "0.0005837",
    ),
    "an Anthropic call that writes its cache": (
        {"provider": "anthropic", "model": "claude-sonnet-4-5",
         "usage": {"input_tokens": 7, "cache_read_input_tokens": 20_646, "cache_creation_input_tokens": 1101,
                   "cache_creation": {"ephemeral_5m_input_tokens": 1101, "ephemeral_1h_input_tokens": 0},
                   "output_tokens": 123}},
        "0.01218855",
    ),
    "the same as one total": (
        {"provider": "anthropic", "model": "claude-sonnet-4-5", "input_tokens": 21_754, "cache_read_tokens": 20_646,
         "cache_write_5m_tokens": 1101, "output_tokens": 123, "input_includes_cached": True},
        "0.01218855",
    ),
    "a Gemini call that thinks": (
        {**PRO, "usage": {"promptTokenCount": 7477, "candidatesTokenCount": 2060, "thoughtsTokenCount": 1939}},
        "0.04933625",
    ),
    "a dated snapshot": (
        {"provider": "openai", "model": "gpt-5-mini-2025-08-07", "input_tokens": 9500, "cached_input_tokens": 8000,
         "output_tokens": 150},
        "0.000875",
    ),
    "cached speech": (
        {"provider": "openai", "model": "gpt-realtime", "input_tokens": 5388, "audio_input_tokens": 4180,
         "output_tokens": 240, "audio_output_tokens": 188},
        "0.151456",
    ),
    "an edit of an image that was cached": (
        {"provider": "openai", "model": "gpt-image-1.5",
         "usage": {"input_tokens": 900, "output_tokens": 1056,
                   "input_tokens_details": {"text_tokens": 100, "image_tokens": 800, "cached_tokens": 500,
                                            "cached_tokens_details": {"text_tokens": 0, "image_tokens": 500}},
                   "output_tokens_details": {"text_tokens": 0, "image_tokens": 1056}}},
        "0.037692",  # 100 × 5 + 300 × 8 + 500 × 2 + 1056 × 32 per million
    ),
    "a video that is embedded": (
        {"provider": "google", "model": "gemini-embedding-2", "input_tokens": 1100, "video_input_tokens": 1000,
         "output_tokens": 0},
        "0.01202",  # 100 × 0.20 + 1000 × 12 per million
    ),
    "a spoken question to Mistral": (
        {"provider": "mistral", "model": "voxtral-small-latest",
         "usage": {"prompt_tokens": 400, "completion_tokens": 50, "prompt_audio_seconds": 12}},
        "0.00086",  # 400 × 0.10 + 50 × 0.40 per million, and 12 × 0.24 per hour
    ),
    "two web searches": (
        {"provider": "anthropic", "model": "claude-sonnet-4-6", "input_tokens": 9548, "output_tokens": 528,
         "units": {"web_search": 2}},
        "0.056564",
    ),
    "a long prompt that is mostly cached": (
        {**PRO, "input_tokens": 250_000, "cached_input_tokens": 200_000, "output_tokens": 1000}, "0.19",
    ),
    "the flex tier": (
        {"provider": "openai", "model": "gpt-5-nano", "input_tokens": 1000, "output_tokens": 1000,
         "service_tier": "flex"},
        "0.000225",
    ),
    "a batch": (
        {"provider": "anthropic", "model": "claude-opus-4-8", "input_tokens": 5000, "output_tokens": 800,
         "processing": "batch"},
        "0.0225",
    ),
    "a call before a price cut": ({**O3, "timestamp": "2025-06-01T12:00:00Z"}, "50"),
    "the same call after it": ({**O3, "timestamp": "2026-11-01T12:00:00Z"}, "10"),
    "reasoning beside the output": (
        {**PRO, "input_tokens": 1000, "output_tokens": 2000, "reasoning_tokens": 50_000}, "0.52125",
    ),
    "a model that the registry does not have": (
        {"provider": "mistral", "model": "mistral-large-2411", "input_tokens": 9500, "output_tokens": 150}, "0.0199",
    ),
}  # fmt: skip

# The status is `estimated`: no source has a rate for these writes, which cost what input costs, nor the surcharge of
# inference in the US.
ESTIMATES = [
    (
        {"provider": "openai", "model": "gpt-5", "input_tokens": 10_000, "cache_write_tokens": 10_000},
        "0.0125", "cache_write priced as input",
    ),
    (
        {"provider": "anthropic", "model": "claude-sonnet-4-6",
         "usage": {"input_tokens": 1000, "cache_read_input_tokens": 0, "output_tokens": 100, "inference_geo": "us"}},
        "0.0045", "us_inference has no price",
    ),
]  # fmt: skip


def send(client, call):
    """Log a call, and return the response with the cost as a Decimal."""
    answer = client.post("/api/v1/log", json=call)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text, parse_float=Decimal)


@pytest.fixture
def as_client(start_server, constant_registry):
    """A server that prices calls as the llmring client does."""
    return start_server(
        ["registry", "usage"],
        registry={"base_url": constant_registry.as_uri() + "/"},
        usage={"calculator": "client"},
    )


@pytest.mark.parametrize(("call", "client", "provider"), GOLDEN)
def test_golden_values_hold_with_the_registry(priced, call, client, provider):
    assert send(priced.client(), call)["cost"] == Decimal(provider)


@pytest.mark.parametrize(("call", "client", "provider"), GOLDEN)
def test_golden_values_hold_without_a_registry(usage, call, client, provider):
    found = send(usage.client(), call)
    assert (found["cost"], found["cost_source"]) == (Decimal(provider), "genai-prices")


@pytest.mark.parametrize(("call", "client", "provider"), GOLDEN)
def test_golden_values_of_the_client_hold(as_client, call, client, provider):
    assert send(as_client.client(), call)["cost"] == Decimal(client)


@pytest.mark.parametrize("case", PUBLIC)
@pytest.mark.parametrize("server", ["usage", "priced"])
def test_public_cases_cost_what_the_provider_bills(request, server, case):
    call, cost = PUBLIC[case]
    found = send(request.getfixturevalue(server).client(), call)
    assert (found["cost"], found["cost_status"]) == (Decimal(cost), "priced")


@pytest.mark.parametrize("case", PUBLIC)
def test_public_cases_cost_the_same_in_a_batch(usage, case):
    call, cost = PUBLIC[case]
    client = usage.client()
    answer = client.post("/api/v1/log/batch", json=[call])
    assert answer.json()["rejected"] == 0, answer.text
    (entry,) = client.get("/api/v1/logs").json()
    assert Decimal(str(entry["cost"])) == Decimal(cost)


@pytest.mark.parametrize(("call", "cost", "note"), ESTIMATES)
def test_a_substituted_rate_is_an_estimate_that_names_it(usage, call, cost, note):
    found = send(usage.client(), call)
    assert (found["cost"], found["cost_status"]) == (Decimal(cost), "estimated")
    assert found["price_notes"] == [note]


@pytest.mark.parametrize("place", ["global", "not_available"])
def test_inference_elsewhere_has_no_surcharge(usage, place):
    call = ESTIMATES[1][0]
    found = send(usage.client(), {**call, "usage": {**call["usage"], "inference_geo": place}})
    assert (found["cost"], found["cost_status"]) == (Decimal("0.0045"), "priced")


def test_an_answer_that_is_repeated_has_the_same_notes(usage):
    call = {**ESTIMATES[0][0], "idempotency_key": "once"}
    first = send(usage.client(), call)
    assert send(usage.client(), call) == first


def test_a_model_with_all_rates_of_its_own_is_priced_by_one_source(start_server):
    own = {"input": "5", "cache_read": "0.5", "cache_write": "6.25", "output": "30"}
    client = start_server(["usage"]).client()
    answer = client.put("/api/v1/prices/overrides/m", json={"provider": "openai", "model": "own-m", "rates": own})
    assert answer.status_code == 200, answer.text
    usage = {"input_tokens": 2600, "input_tokens_details": {"cached_tokens": 2000, "cache_write_tokens": 400},
             "output_tokens": 0}  # fmt: skip
    found = send(client, {"provider": "openai", "model": "own-m", "usage": usage})
    assert (found["cost"], found["cost_status"]) == (Decimal("0.0045"), "priced")
