"""The contract `Traffic`: the callers of an alias, and the cost of its calls with other models."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from llmring_server.contracts import PriceList
from llmring_server.contracts.traffic import TokenCounts, Traffic
from llmring_usage.counts.own_counts import count_tokens
from llmring_usage.models.entries import UsageEntry
from llmring_usage.prices.book import PriceBook
from llmring_usage.pricing.calculators import CALCULATORS, provider_cost

MINI, PRO, FLASH = "openai:gpt-5-mini", "google:gemini-2.5-pro", "google:gemini-2.0-flash-lite"
CALLS = [
    {"input_tokens": 1000, "output_tokens": 100, "cached_input_tokens": 400},
    {"input_tokens": 250_000, "output_tokens": 1000},
    {"input_tokens": 200_000, "output_tokens": 10, "reasoning_tokens": 5},
    {"input_tokens": 200_001, "output_tokens": 10},
    {"input_tokens": 150_000, "output_tokens": 7, "cache_write_1h_tokens": 60_000, "cache_write_tokens": 3},
]
MEDIA = {
    "input_tokens": 9_000, "cached_input_tokens": 2_000, "output_tokens": 900, "cache_write_30m_tokens": 500,
    "cache_write_12h_tokens": 600, "audio_input_tokens": 1_000, "cached_audio_tokens": 300, "image_input_tokens": 900,
    "cached_image_tokens": 200, "video_input_tokens": 1_100, "audio_output_tokens": 80, "image_output_tokens": 70,
    "video_output_tokens": 60,
}  # fmt: skip


def ago(**span):
    """Return the time that long ago."""
    return datetime.now(UTC) - timedelta(**span)


def fetch(server, *models, key="test-project", profile="default", alias="fast", days=7):
    traffic = server.server.service(Traffic)
    since, until = ago(days=days), ago(minutes=-5)
    work = traffic.of_alias(
        server.project_id(key), profile=profile, alias=alias, since=since, until=until, models=models
    )
    return server.run(work)


def log_all(server, log, **members):
    for call in CALLS:
        log(server.client(), alias="fast", **call, **members)


def test_the_calls_of_an_alias_are_counted_by_model_and_origin(usage, log):
    client = usage.client()
    for number in range(3):
        log(client, alias="fast", cost=0.1, origin=f"app{number}")
    log(client, alias="fast", model="gpt-4o", cost=0.25, origin="app0")
    log(client, alias="fast", model="no-such-model")
    log(client, alias="slow", cost=9)
    log(client, alias="fast", profile="prod", cost=9)
    log(usage.client("two"), alias="fast", cost=9)
    found = fetch(usage)
    assert (found.requests, found.cost, found.unpriced_requests) == (5, Decimal("0.55"), 1)
    assert [(one.provider, one.model, one.requests, one.cost) for one in found.models] == [
        ("openai", "gpt-5-mini", 3, Decimal("0.3")), ("openai", "gpt-4o", 1, Decimal("0.25")),
        ("openai", "no-such-model", 1, 0),
    ]  # fmt: skip
    assert found.origins == [("app0", 2), ("app1", 1), ("app2", 1), (None, 1)]


def test_calls_outside_the_range_are_excluded(usage, log):
    client = usage.client()
    log(client, alias="fast", timestamp=ago(days=7, minutes=1).isoformat())
    log(client, alias="fast", timestamp=ago(days=6, hours=23).isoformat())
    assert fetch(usage).requests == 1


def test_an_alias_without_calls_has_none(usage):
    found = fetch(usage, MINI)
    assert (found.requests, found.cost, found.tokens, found.models, found.origins) == (0, 0, TokenCounts(), [], [])


def test_tokens_are_summed_by_kind(usage, log):
    log_all(usage, log)
    assert fetch(usage).tokens == TokenCounts(
        fresh=600 + 250_000 + 200_000 + 200_001 + 150_000 - 60_003,
        cache_read=400,
        cache_write_1h=60_000,
        cache_write=3,
        output=1127,
        reasoning=5,
    )


@pytest.mark.parametrize("calculator", ["provider", "client"])
def test_the_cost_with_another_model_is_the_sum_over_the_calls(llmring_live, small_registry, log, calculator):
    """Prompts on both sides of a threshold, and on it: long-context prices depend on each call."""
    server = llmring_live(
        ["registry", "usage"],
        registry={"base_url": small_registry.as_uri() + "/"},
        usage={"calculator": calculator},
    )
    log_all(server, log)
    models = [MINI, PRO, FLASH]
    prices = server.server.service(PriceList)
    expected = []
    for model in models:
        price = prices.find(*model.split(":"))
        kinds = [count_tokens(UsageEntry(provider="openai", model="gpt-5-mini", **call)) for call in CALLS]
        expected.append(sum(CALCULATORS[calculator](each, price) for each in kinds))
    found = fetch(server, *models)
    assert [(one.model, one.cost) for one in found.alternatives] == [*zip(models, expected, strict=True)]
    assert found.alternatives[0].cost == found.cost
    assert found.alternatives[1].registry_version == "google.1"


def test_rare_tokens_are_in_the_cost_with_another_model(usage, log):
    log(usage.client(), alias="fast", **MEDIA)
    found = fetch(usage, "openai:gpt-realtime")
    tokens = count_tokens(UsageEntry(provider="openai", model="gpt-5-mini", **MEDIA))
    price = usage.server.service(PriceBook).current_price("", "openai", "gpt-realtime")
    assert found.tokens == TokenCounts(
        fresh=3_400, cache_read=1_500, output=900, cache_write_30m=500, cache_write_12h=600, audio_input=700,
        audio_cache_read=300, image_input=700, image_cache_read=200, video_input=1_100, audio_output=80,
        image_output=70, video_output=60,
    )  # fmt: skip
    (alternative,) = found.alternatives
    assert alternative.cost == provider_cost(tokens, price)
    assert price.audio_input != price.input


def test_substituted_rates_make_the_cost_with_another_model_an_estimate(usage, log):
    log(usage.client(), alias="fast")
    (exact,) = fetch(usage, "openai:gpt-5").alternatives
    log(usage.client(), alias="fast", cache_write_tokens=10)
    (estimate,) = fetch(usage, "openai:gpt-5").alternatives
    assert (exact.status, exact.notes) == ("priced", ())
    assert (estimate.status, estimate.notes) == ("estimated", ("cache_write priced as input",))


def test_calls_with_other_billed_units_are_counted(usage, log):
    log(usage.client(), alias="fast", units={"web_search": 2})
    log(usage.client(), alias="fast", **MEDIA)
    assert fetch(usage).unit_requests == 1


def test_a_model_without_a_price_has_the_reason(priced, log):
    log(priced.client(), alias="fast")
    [unknown] = fetch(priced, "openai:nowhere").alternatives
    assert (unknown.cost, unknown.status) == (None, "model_not_in_registry")


def test_the_models_and_providers_called_come_with_most_requests_first(usage, log):
    client = usage.client()
    log(client, model="a", cost=0.5)
    log(client, model="b", cost=0.1)
    log(client, model="b", provider="google")
    log(client, model="c", timestamp=ago(days=40).isoformat())
    log(usage.client("two"), model="other")
    traffic, project = usage.server.service(Traffic), usage.project_id()
    found = usage.run(traffic.models(project, ago(days=30)))
    assert [(one.model, one.requests, one.cost, one.unpriced_requests) for one in found] == [
        ("b", 2, Decimal("0.1"), 1), ("a", 1, Decimal("0.5"), 0),
    ]  # fmt: skip
    assert usage.run(traffic.providers(project, ago(days=30))) == ["openai", "google"]


@pytest.mark.own_server
def test_calls_that_cannot_be_summed_in_time_return_none(usage, log):
    """A lock simulates the time that very many rows take."""
    log(usage.client(), alias="fast")

    async def locked():
        async with usage.server.database.transaction(20) as connection:
            await connection.execute("LOCK TABLE usage_logs IN ACCESS EXCLUSIVE MODE")
            traffic = usage.server.service(Traffic)
            return await traffic.of_alias(
                usage.project_id(), profile="default", alias="fast", since=ago(days=7), until=ago(days=-7)
            )

    assert usage.run(locked()) is None
    assert fetch(usage).requests == 1
