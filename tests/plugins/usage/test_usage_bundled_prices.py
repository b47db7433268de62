"""The bundled package as a source: the same cost as its own calculation, for every model that it has."""

import asyncio
import random
from datetime import UTC, datetime
from decimal import Decimal

import genai_prices
import pytest
from genai_prices.data import providers

from llmring_usage.prices.book import PriceBook
from llmring_usage.prices.bundled import BundledPrices
from llmring_usage.prices.own.source import OwnPrices
from llmring_usage.prices.registry import RegistryPrices
from llmring_usage.pricing.tokens import RareCounts, Tokens

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
MOMENTS = (NOW, datetime(2026, 11, 30, 17, 30, tzinfo=UTC), datetime(2025, 6, 1, 3, tzinfo=UTC))


def texts(clause):
    """Yield the texts in a match of names."""
    for inner in [*getattr(clause, "or_", ()), *getattr(clause, "and_", ())]:
        yield from texts(inner)
    for kind in ("equals", "starts_with", "ends_with", "contains"):
        if hasattr(clause, kind):
            yield getattr(clause, kind)


def name_of(provider, model):
    """Return a name under which the package finds a model, or None."""
    names = (model.id, *texts(model.match))
    return next((name for name in names if provider.find_model(name, all_providers=providers) is model), None)


NAMED = [(provider.id, name_of(provider, model)) for provider in providers for model in provider.models]
MODELS = [(provider, model) for provider, model in NAMED if model is not None]
LOADED = BundledPrices()
asyncio.run(LOADED.load())


@pytest.fixture(scope="module")
def book():
    return PriceBook(OwnPrices(), RegistryPrices(), LOADED, calculator="provider")


def random_tokens(generator):
    """Return a call with text, caches, audio, images, video and searches, each in half of the calls."""

    def some(most):
        return generator.randrange(1, most) if generator.random() < 0.5 else 0

    output, reasoning = some(50_000), some(20_000)
    rare = RareCounts(
        audio_input=some(5000), image_input=some(5000), audio_output=some(5000), image_output=some(5000),
        image_cache_read=some(5000), video_input=some(5000), video_output=some(5000),
        units={"web_search": some(10), "file_search": some(10)},
    )  # fmt: skip
    media = rare.audio_output + rare.image_output + rare.video_output
    return Tokens(
        fresh=some(400_000), cache_read=some(100_000), cache_write_5m=some(50_000), cache_write_1h=some(50_000),
        cache_write=0, output=output + reasoning + media, reasoning=reasoning, rare=rare,
    )  # fmt: skip


def usage_of(tokens):
    """Return the same call as the package counts it: totals with their parts."""
    rare = tokens.rare
    return genai_prices.Usage(
        input_tokens=tokens.prompt,
        cache_read_tokens=tokens.cache_read + rare.image_cache_read,
        cache_write_tokens=tokens.cache_write_5m + tokens.cache_write_1h,
        cache_write_5m_tokens=tokens.cache_write_5m,
        cache_write_1h_tokens=tokens.cache_write_1h,
        input_audio_tokens=rare.audio_input,
        cache_audio_read_tokens=0,
        input_image_tokens=rare.image_input + rare.image_cache_read,
        cache_image_read_tokens=rare.image_cache_read,
        input_video_tokens=rare.video_input,
        output_tokens=tokens.output,
        output_reasoning_tokens=tokens.reasoning,
        output_audio_tokens=rare.audio_output,
        output_image_tokens=rare.image_output,
        output_video_tokens=rare.video_output,
        web_searches=rare.units["web_search"],
        storage_searches=rare.units["file_search"],
    )


def is_free(price, tokens):
    """Whether each rate that a call needs is 0."""
    return not any(rate for rate in (price.input, price.output, *(unit.usd for unit in price.units)))


def test_the_package_has_the_models_that_it_is_known_for():
    assert len(MODELS) > 0.98 * len(NAMED) > 2000


@pytest.mark.slow
@pytest.mark.parametrize("at", MOMENTS, ids=str)
def test_every_model_costs_what_the_package_calculates(book, at):
    generator = random.Random(at.hour)
    different, free = [], []
    for provider, model in MODELS:
        tokens = random_tokens(generator)
        expected = genai_prices.calc_price(usage_of(tokens), model, provider_id=provider, genai_request_timestamp=at)
        choice, _, cost = book.quote("", provider, model, at, tokens)
        if cost is None:
            if choice.status != "price_missing":
                different.append((provider, model, choice.status))
            continue
        if cost != expected.total_price:
            different.append((provider, model, cost, expected.total_price, tokens))
        if cost == 0 and tokens.prompt + tokens.output and not is_free(choice.price, tokens):
            free.append((provider, model, tokens))
    assert different == []
    assert free == []


@pytest.mark.slow
@pytest.mark.parametrize("context", [{"service_tier": "flex"}, {"service_tier": "priority"}, {"processing": "batch"}])
def test_every_model_costs_what_the_package_calculates_under_conditions(book, context):
    generator = random.Random(7)
    different = []
    for provider, model in MODELS:
        tokens = random_tokens(generator)
        expected = genai_prices.calc_price(
            usage_of(tokens), model, provider_id=provider, genai_request_timestamp=NOW, price_context=context
        )
        variant = context.get("service_tier"), context.get("processing"), None
        choice, _, cost = book.quote("", provider, model, NOW, tokens, *variant)
        if cost is not None and cost != expected.total_price:
            different.append((provider, model, cost, expected.total_price))
        if choice.status == "priced" and expected.model_price == expected.model.get_prices(NOW):
            different.append((provider, model, "priced without a rate for the condition"))
    assert different == []


def test_a_condition_without_a_rate_is_an_estimate(book):
    tokens = Tokens(1000, 0, 0, 0, 0, 100, 0)
    choice, _, cost = book.quote("", "openai", "gpt-4o", NOW, tokens, "scale", None, None)
    assert (choice.status, choice.notes) == ("estimated", ("service_tier scale priced as standard",))
    assert cost == Decimal("0.0035")


@pytest.mark.parametrize("tier", ["auto", "default", "standard", " Default "])
def test_the_standard_tier_is_no_condition(book, tier):
    choice, _, _ = book.quote("", "openai", "gpt-4o", NOW, Tokens(1, 0, 0, 0, 0, 1, 0), tier, None, None)
    assert (choice.status, choice.notes) == ("priced", ())


def test_an_unknown_unit_makes_an_estimate(book):
    tokens = Tokens(1000, 0, 0, 0, 0, 100, 0, RareCounts(units={"teleport": 2}))
    choice, _, _ = book.quote("", "openai", "gpt-4o", NOW, tokens)
    assert (choice.status, choice.notes) == ("estimated", ("teleport has no price",))


def test_prices_are_not_known_before_they_are_loaded():
    book = PriceBook(OwnPrices(), RegistryPrices(), BundledPrices(), calculator="provider")
    choice, _, cost = book.quote("", "openai", "gpt-4o", NOW, Tokens(1, 0, 0, 0, 0, 1, 0))
    assert (choice.status, cost) == ("registry_not_enabled", None)
