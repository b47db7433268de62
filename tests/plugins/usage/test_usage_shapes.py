"""Usage objects of every shape: counted alike wherever they are, checked against an independent package."""

import json
import re
from pathlib import Path

import genai_prices
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shape_cases import CASES

from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.counts.entry_counts import count_entry, read_report
from llmring_usage.counts.entry_parsing import parse_entry
from llmring_usage.counts.report import disjoint
from llmring_usage.counts.shapes import SHAPES
from llmring_usage.counts.usage_object import InvalidUsage

ROOT = Path(__file__).parents[3]
PLACES = ("usage", "entry", "response", "batch", "lines", "conversation")
NDJSON = {"Content-Type": "application/x-ndjson"}
CALL = {"provider": "any", "model": "m"}
LIMITS = codec.Limits(bytes=1_000_000, depth=20, item_bytes=100_000)
COUNTS = (
    "fresh_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_5m_tokens", "cache_write_30m_tokens",
    "cache_write_1h_tokens", "cache_write_12h_tokens", "audio_input_tokens", "cached_audio_tokens",
    "image_input_tokens", "cached_image_tokens", "video_input_tokens", "output_tokens", "reasoning_tokens",
    "audio_output_tokens", "image_output_tokens", "video_output_tokens",
)  # fmt: skip


@pytest.fixture
def client(start_server):
    return start_server(["usage", "conversations"]).client()


def send(client, place, usage):
    """Log a call with a usage object at a place."""
    entry = {**CALL, **usage} if place == "entry" else {**CALL, "usage": usage}
    if place == "response":
        entry = {**CALL, "usage": {"id": "x", "usage": usage}}
    if place == "conversation":
        transcript = {"messages": [], "response": {"content": "x", "usage": usage}, "metadata": CALL}
        return client.post("/api/v1/conversations/log", json=transcript)
    if place == "batch":
        return client.post("/api/v1/log/batch", json=[entry])
    if place == "lines":
        return client.post("/api/v1/log/batch", content=json.dumps(entry) + "\n", headers=NDJSON)
    return client.post("/api/v1/log", json=entry)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("shape", CASES)
def test_a_shape_is_counted_alike_wherever_it_is(client, shape, place):
    usage, expected = CASES[shape]
    answer = send(client, place, usage)
    assert answer.status_code == 200, answer.text
    (entry,) = client.get("/api/v1/logs").json()
    found = {name: entry[name] for name in {*COUNTS, *expected}}
    assert found == {**dict.fromkeys(COUNTS, 0), **expected}


def test_the_documented_examples_are_these():
    text = (ROOT / "docs" / "reference" / "usage-objects.md").read_text()
    found = re.findall(r"^## (.*?)\n\n[^#]*?```json\n(.*?)\n```\n\n```json\n(.*?)\n```", text, re.MULTILINE | re.DOTALL)
    assert {name: (json.loads(usage), json.loads(counts)) for name, usage, counts in found} == CASES


def count(**fields):
    """Return the counts of an entry with these fields; None if its usage is missing."""
    tokens, _ = count_entry(parse_entry(json.dumps({**CALL, **fields}).encode(), LIMITS))
    return tokens


@pytest.mark.parametrize("shape", CASES)
def test_unknown_fields_of_a_usage_object_are_ignored(shape):
    usage, _ = CASES[shape]
    assert count(usage={**usage, "novel": {"tokens": 5}, "queue_time": 0.1}) == count(usage=usage)


@pytest.mark.parametrize("usage", [{"novel_tokens": 5}, {"usage": {"novel": 1}}, {"total_tokens": 5}, [], "12", 5])
def test_a_usage_object_without_known_counts_is_refused(usage):
    with pytest.raises(Problem) as refused:
        count(usage=usage)
    assert refused.value.faults[0].loc == ("body", "usage")


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None, "completion_tokens": None}])
def test_an_answer_without_reported_usage_is_not_counted_as_nothing(usage):
    assert count(usage=usage) is None


@pytest.mark.parametrize("usage", [None, {}])
def test_an_aborted_answer_without_reported_usage_is_not_counted_as_nothing(usage):
    assert count(usage=usage, status="aborted") is None
    assert count(status="aborted") is None


def test_a_failed_call_without_counts_has_none():
    assert count(status="error").prompt == 0
    assert count(status="error", usage=None).prompt == 0


def test_an_entry_without_counts_is_refused_and_told_the_forms():
    with pytest.raises(Problem) as refused:
        count(alias="fast")
    for form in ("input_tokens", '"usage"', '"status": "error"'):
        assert form in refused.value.faults[0].msg


@pytest.mark.parametrize("counts", [{"input_tokens": None}, {"output_tokens": 0}, {"cached_input_tokens": None}])
def test_counts_of_null_and_zero_are_counts(counts):
    assert count(**counts).prompt == 0


@pytest.mark.parametrize(
    "mixed",
    [
        {"usage": {"prompt_tokens": 5}, "input_tokens": 5},
        {"usage": {"prompt_tokens": 5}, "reasoning_tokens": 5},
        {"usage": {"prompt_tokens": 5}, "completion_tokens": 5},
        {"usageMetadata": {"promptTokenCount": 5}, "output_tokens": 5},
        {"prompt_tokens": 5, "cached_input_tokens": 5},
        {"prompt_tokens": 5, "input_tokens": 6},
        {"input_tokens": 5, "thoughtsTokenCount": 5},
        {"prompt_tokens": 5, "thoughtsTokenCount": 5},
        {"usage": {"prompt_tokens": 5, "thoughtsTokenCount": 5}},
        {"input_tokens": 5, "inputTokens": 6},
    ],
)
def test_counts_that_would_be_passed_over_are_refused(mixed):
    with pytest.raises(Problem) as refused:
        count(**mixed)
    assert refused.value.status_code == 422


@pytest.mark.parametrize(
    ("usage", "place"),
    [
        ({"prompt_tokens": -1}, ("prompt_tokens",)),
        ({"prompt_tokens": "12"}, ("prompt_tokens",)),
        ({"prompt_tokens": True}, ("prompt_tokens",)),
        ({"prompt_tokens": 1.5}, ("prompt_tokens",)),
        ({"prompt_tokens": 2**63}, ("prompt_tokens",)),
        (
            {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": -1}},
            ("prompt_tokens_details", "cached_tokens"),
        ),
        (
            {"promptTokenCount": 9, "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": "x"}]},
            ("promptTokensDetails", 0, "tokenCount"),
        ),
    ],
)
def test_an_invalid_count_is_refused_with_its_place(usage, place):
    with pytest.raises(Problem) as refused:
        count(usage=usage)
    assert refused.value.faults[0].loc == ("body", "usage", *place)


def test_a_currency_other_than_usd_is_refused():
    assert count(input_tokens=1, currency="usd").prompt == 1
    with pytest.raises(Problem) as refused:
        count(input_tokens=1, currency="EUR")
    assert refused.value.faults[0].loc == ("body", "currency")


def test_units_beside_a_usage_object_are_counted_too():
    found = count(usage={"prompt_tokens": 5}, units={"web_search": 2})
    assert found.rare.units == {"web_search": 2}
    with pytest.raises(Problem):
        count(usage={"input_tokens": 5, "server_tool_use": {"web_search_requests": 1}}, units={"web_search": 2})


def test_the_client_of_llmring_reports_anthropics_input_without_the_cache():
    usage = {
        "prompt_tokens": 7, "completion_tokens": 123, "total_tokens": 130, "cache_creation_input_tokens": 1101,
        "cache_read_input_tokens": 20646, "cache_creation_5m_tokens": 1101, "cache_creation_1h_tokens": 0,
    }  # fmt: skip
    found = count(model="claude-sonnet-4-5", usage=usage)
    assert (found.fresh, found.cache_read, found.cache_write_5m, found.output) == (7, 20646, 1101, 123)


# Usage objects with random counts, for each name that any shape reads.
small = st.integers(0, 10**6)
NESTED = {
    "prompt_tokens_details": ("cached_tokens", "cache_write_tokens", "audio_tokens", "image_tokens", "ttl_30m_tokens"),
    "completion_tokens_details": ("reasoning_tokens", "audio_tokens"),
    "input_tokens_details": ("cached_tokens", "cache_write_tokens", "ttl_12h_tokens", "image_tokens"),
    "output_tokens_details": ("reasoning_tokens", "thinking_tokens"),
    "input_token_details": ("audio_tokens", "cached_tokens"),
    "output_token_details": ("audio_tokens",),
    "cache_creation": ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"),
    "server_tool_use": ("web_search_requests",),
    "billed_units": ("input_tokens", "output_tokens"),
    "inputTokenDetails": ("cacheReadTokens", "cacheWriteTokens"),
    "outputTokenDetails": ("reasoningTokens",),
}
LISTED = {"promptTokensDetails", "candidatesTokensDetails", "responseTokensDetails", "cacheTokensDetails",
          "toolUsePromptTokensDetails", "prompt_tokens_details", "cache_tokens_details"}  # fmt: skip
modalities = st.lists(
    st.fixed_dictionaries({"modality": st.sampled_from(["TEXT", "AUDIO", "IMAGE", "VIDEO"]), "tokenCount": small})
)
lifetimes = st.lists(st.fixed_dictionaries({"ttl": st.sampled_from(["5m", "1h"]), "inputTokens": small}))


def value_of(shape, name):
    """Return the strategy for the value of a field."""
    if name == "cacheDetails":
        return lifetimes
    if name in LISTED and shape.name == "Gemini":
        return modalities
    if name in NESTED:
        return st.fixed_dictionaries({}, optional=dict.fromkeys(NESTED[name], small))
    if name in ("service_tier", "speed"):
        return st.sampled_from(["standard", "batch", "priority"])
    return small | st.none()


usages = st.one_of(
    *(
        st.fixed_dictionaries({}, optional={name: value_of(shape, name) for name in sorted(shape.fields)})
        for shape in SHAPES
    )
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(usages, st.booleans())
def test_every_usage_object_is_counted_completely_or_refused(usage, anthropic):
    try:
        report = read_report(usage, "anthropic" if anthropic else "p", "m")
        if report is None:
            return
        tokens = disjoint(report)
    except InvalidUsage:
        return
    kinds = [getattr(tokens, name) for name in tokens.__struct_fields__ if name != "rare"]
    rare = [getattr(tokens.rare, name) for name in tokens.rare.__struct_fields__ if name != "units"]
    assert min(*kinds, *rare, *tokens.rare.units.values(), 0) >= 0
    media = tokens.rare.audio_output + tokens.rare.image_output + tokens.rare.video_output
    assert tokens.reasoning + media <= tokens.output
    apart = report.cache_read + report.writes
    assert tokens.prompt in {report.input, report.input + report.writes, report.input + apart}
    assert tokens.cache_read + tokens.rare.audio_cache_read + tokens.rare.image_cache_read == report.cache_read
    assert tokens.output in {report.output, report.output + report.reasoning}


@pytest.mark.parametrize(
    "model", ["claude-sonnet-4-5", "us.anthropic.claude-opus-4-5-v1:0", "claude-opus-4-5@20251101"]
)
def test_anthropics_models_are_counted_without_the_cache_wherever_they_run(model):
    counts = {"input_tokens": 30_000, "cached_input_tokens": 20_000, "cache_write_5m_tokens": 1_000}
    assert count(model=model, **counts).fresh == 30_000
    assert count(model=model, input_includes_cached=True, **counts).fresh == 9_000
    assert count(model=model, input_includes="reads", **counts).fresh == 10_000
    assert count(model="gpt-5", **counts).fresh == 9_000


@pytest.mark.parametrize(("given", "fresh"), [(31_000, 10_000), (20_999, 999), (19_999, 19_999)])
def test_an_input_that_cannot_include_the_cache_does_not(given, fresh):
    assert count(input_tokens=given, cached_input_tokens=20_000, cache_write_tokens=1_000).fresh == fresh


def test_a_declaration_that_cannot_be_is_refused():
    with pytest.raises(Problem):
        count(input_tokens=5, cached_input_tokens=6, input_includes_cached=True)
    with pytest.raises(Problem):
        count(input_tokens=5, cached_input_tokens=3, cache_write_tokens=3, input_includes="reads_and_writes")


def test_reasoning_larger_than_the_output_is_beside_it():
    assert count(output_tokens=2_000, reasoning_tokens=50_000).output == 52_000
    assert count(output_tokens=2_000, reasoning_tokens=2_000).output == 2_000


def test_own_audio_and_images_are_parts_of_the_input_and_output():
    found = count(
        input_tokens=100, cached_input_tokens=40, audio_input_tokens=50, cached_audio_tokens=20, image_input_tokens=10,
        output_tokens=60, audio_output_tokens=30, image_output_tokens=20, reasoning_tokens=10,
    )  # fmt: skip
    assert (found.fresh, found.cache_read, found.rare.audio_input, found.rare.audio_cache_read) == (20, 20, 30, 20)
    assert (found.rare.image_input, found.output, found.prompt) == (10, 60, 100)
    with pytest.raises(Problem):
        count(input_tokens=10, audio_input_tokens=11)
    with pytest.raises(Problem):
        count(input_tokens=10, video_input_tokens=11)
    with pytest.raises(Problem):
        count(output_tokens=10, audio_output_tokens=6, reasoning_tokens=5)


def test_own_video_and_cached_images_are_parts_of_the_input_and_output():
    found = count(
        input_tokens=100, cached_input_tokens=40, image_input_tokens=30, cached_image_tokens=25, video_input_tokens=20,
        output_tokens=60, video_output_tokens=50,
    )  # fmt: skip
    rare = found.rare
    assert (rare.image_input, rare.image_cache_read, rare.video_input, rare.video_output) == (5, 25, 20, 50)
    assert (found.fresh, found.cache_read, found.output, found.prompt) == (35, 15, 60, 100)


def test_media_beyond_the_fresh_input_were_read_from_the_cache():
    found = count(input_tokens=100, cached_input_tokens=70, audio_input_tokens=40, image_input_tokens=30)
    assert (found.rare.audio_input, found.rare.audio_cache_read) == (0, 40)
    assert (found.rare.image_input, found.rare.image_cache_read) == (30, 0)
    assert (found.fresh, found.cache_read) == (0, 30)


# Providers whose usage is known to the package, its name for the kind of their API, and a model of theirs.
EXTRACTORS = {
    "OpenAI chat": ("openai", "chat", "gpt-4o"),
    "OpenAI chat with audio": ("openai", "chat", "gpt-4o"),
    "xAI chat": ("x-ai", "chat", "grok-4"),
    "Mistral": ("mistral", "default", "voxtral-small-24b-2507"),
    "Perplexity": ("perplexity", "default", "sonar"),
    "OpenAI responses": ("openai", "responses", "gpt-5"),
    "OpenAI images": ("openai", "images", "gpt-image-1"),
    "Gemini with video": ("google", "default", "gemini-2.5-pro"),
    "Anthropic": ("anthropic", "default", "claude-sonnet-4-5"),
    "Gemini": ("google", "default", "gemini-2.5-pro"),
    "Bedrock Converse": ("aws", "default", "us.amazon.nova-pro-v1:0"),
    "Cohere": ("cohere", "default", "command-r"),
    "OpenAI realtime": ("openai", "realtime", "gpt-realtime"),
}
ROOTS = {"Gemini": "usageMetadata", "Gemini with video": "usageMetadata"}


@pytest.mark.parametrize("shape", EXTRACTORS)
def test_counts_agree_with_those_of_genai_prices(shape):
    usage, _ = CASES[shape]
    provider, flavor, model = EXTRACTORS[shape]
    response = {"model": model, "modelVersion": model, ROOTS.get(shape, "usage"): usage}
    if flavor == "realtime":
        response = {"model": model, "response": response}
    theirs = genai_prices.extract_usage(response, provider_id=provider, api_flavor=flavor).usage
    ours = count(usage=usage)
    rare = ours.rare
    images, audio = rare.image_input + rare.image_cache_read, rare.audio_input + rare.audio_cache_read
    writes = ours.prompt - ours.fresh - ours.cache_read - audio - images - rare.video_input
    assert ours.prompt == theirs.reported_value("input_tokens")
    assert ours.output == theirs.reported_value("output_tokens")
    reads = ours.cache_read + rare.audio_cache_read + rare.image_cache_read
    assert reads == theirs.reported_value("cache_read_tokens")
    assert writes == theirs.reported_value("cache_write_tokens")
    assert ours.reasoning == theirs.reported_value("output_reasoning_tokens")
    assert audio == theirs.reported_value("input_audio_tokens")
    assert rare.audio_output == theirs.reported_value("output_audio_tokens")
    assert rare.units.get("web_search", 0) == theirs.reported_value("web_searches")
