"""Names as clients send them: providers under their synonyms, models under prefixes, regions and dates."""

import asyncio
from datetime import UTC, datetime

import pytest

from llmring_usage.prices.book import PriceBook
from llmring_usage.prices.bundled import BundledPrices
from llmring_usage.prices.names import canonical_provider, is_snapshot_of, resolve_name
from llmring_usage.prices.own.source import OwnPrices
from llmring_usage.prices.registry import RegistryPrices
from llmring_usage.pricing.tokens import Tokens

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
CALL = Tokens(1000, 0, 0, 0, 0, 100, 0)


def book_of(*, exact=False):
    bundled = BundledPrices(exact=exact)
    asyncio.run(bundled.load())
    return PriceBook(OwnPrices(), RegistryPrices(), bundled, calculator="provider", exact=exact)


@pytest.fixture(scope="module")
def book():
    return book_of()


PRICED = [
    ("OpenAI", "gpt-4o-mini", "openai:gpt-4o-mini"),
    ("openai.chat", "gpt-4.1", "openai:gpt-4.1"),
    ("openai", "openai/gpt-4o-mini", "openai:gpt-4o-mini"),
    ("openai", "openai:gpt-4o-mini", "openai:gpt-4o-mini"),
    ("openai", "gpt-4o-2024-05-13", "openai:gpt-4o-2024-05-13"),
    ("openai", "ft:gpt-4o-mini-2024-07-18:org::id", "openai:ft:gpt-4o-mini"),
    ("openai", "ft:gpt-4o-mini:org::id", "openai:ft:gpt-4o-mini"),
    ("litellm", "anthropic/claude-haiku-4-5", "anthropic:claude-haiku-4-5"),
    ("litellm", "azure/gpt-4o", "openai:gpt-4o"),
    ("openrouter", "openai/gpt-4o-mini", "openrouter:openai/gpt-4o-mini"),
    ("azure_openai", "gpt-4o", "openai:gpt-4o"),
    ("azure.ai.openai", "gpt-4.1-mini-2025-04-14", "openai:gpt-4.1-mini"),
    ("az.ai.openai", "gpt-4o", "openai:gpt-4o"),
    ("anthropic", "claude-sonnet-4-5-20250929", "anthropic:claude-sonnet-4-5"),
    ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
     "aws:regional.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("aws.bedrock", "amazon.nova-pro-v1:0", "aws:amazon.nova-pro-v1:0"),
    ("bedrock", "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-sonnet-20240229-v1:0",
     "aws:regional.anthropic.claude-3-sonnet-20240229-v1:0"),
    ("vertex_ai", "claude-opus-4-5@20251101", "google:claude-opus-4-5"),
    ("gcp.gemini", "gemini-2.5-pro", "google:gemini-2.5-pro"),
    ("gemini", "models/gemini-2.5-pro", "google:gemini-2.5-pro"),
    ("google_genai", "gemini-2.5-flash", "google:gemini-2.5-flash"),
    ("google-vertex", "publishers/google/models/gemini-2.5-flash", "google:gemini-2.5-flash"),
    ("xai", "grok-4", "x-ai:grok-4-0709"),
    ("together_ai", "meta-llama/Llama-3.3-70B-Instruct-Turbo", "together:meta-llama/Llama-3.3-70B-Instruct-Turbo"),
    ("mistralai", "mistral-large-2411", "mistral:mistral-large"),
    ("huggingface_cerebras", "Qwen/Qwen3.8-27B", "huggingface_cerebras:Qwen/Qwen3.8-27B"),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "model", "priced_as"), PRICED)
def test_a_name_in_use_is_priced(book, provider, model, priced_as):
    choice, _, cost = book.quote("", provider, model, NOW, CALL)
    assert (choice.price.priced_as, choice.status, choice.notes) == (priced_as, "priced", ())
    assert cost > 0


ESTIMATED = [
    ("anthropic", "claude-sonnet-4-5-ultra", "claude-sonnet-4-5-ultra priced as claude-sonnet-4-5"),
    ("openai", "gpt-4.1-2099-01-01", "gpt-4.1-2099-01-01 priced as gpt-4.1"),
    ("my-openai-proxy", "gpt-4o", "provider my-openai-proxy priced as openai"),
]


@pytest.mark.parametrize(("provider", "model", "note"), ESTIMATED)
def test_a_name_that_only_resembles_another_is_an_estimate(book, provider, model, note):
    choice, _, cost = book.quote("", provider, model, NOW, CALL)
    assert (choice.status, choice.notes) == ("estimated", (note,))
    assert cost > 0


@pytest.mark.parametrize(("provider", "model", "note"), ESTIMATED)
def test_with_exact_matching_it_has_no_price(provider, model, note):
    choice, _, cost = book_of(exact=True).quote("", provider, model, NOW, CALL)
    assert (choice.status, cost) == ("model_not_in_registry", None)


UNKNOWN = [
    ("openai", "ft:davinci-9:org::id"),
    ("openai", "no-such-model"),
    ("azure", "viblrp"),
    ("ollama", "llama3"),
    ("", ""),
    ("openai", "ft:"),
    ("openai", "/"),
    ("x" * 64, "arn:"),
]


@pytest.mark.parametrize(("provider", "model"), UNKNOWN)
def test_an_unknown_name_has_no_price(book, provider, model):
    choice, _, cost = book.quote("", provider, model, NOW, CALL)
    assert (choice.status, cost) == ("model_not_in_registry", None)


@pytest.mark.parametrize(
    ("model", "base", "same"),
    [
        ("gpt-5-mini-2025-08-07", "gpt-5-mini", True),
        ("mistral-large-2411", "mistral-large", True),
        ("gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash-preview", True),
        ("us.anthropic.claude-3-5-haiku-20241022-v1:0", "claude-3-5-haiku-20241022", True),
        ("gpt-5-mini", "gpt-5", False),
        ("gpt-5-codex", "gpt-5", False),
        ("claude-sonnet-4-5-ultra", "claude-sonnet-4-5", False),
    ],
)
def test_a_snapshot_is_its_base_name_with_a_date(model, base, same):
    assert is_snapshot_of(model, base) is same


def test_an_unknown_provider_keeps_its_name():
    assert canonical_provider("Acme Cloud") == "acme-cloud"


def test_a_reseller_keeps_the_maker_in_its_models_names():
    assert resolve_name("openrouter", "openai/gpt-4o").provider == "openrouter"
