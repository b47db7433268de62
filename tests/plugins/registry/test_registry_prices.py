"""Prices from provider files: lookup and rates."""

import json
import logging
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmring_registry.composed.prices import PriceBook
from llmring_registry.models import InvalidFile, read_provider

D = "dollars_per_million_tokens_"


def book(models, provider="openai", version=7):
    """Return the prices of one provider's file, given as a document or as the text of its `models`."""
    text = models if isinstance(models, str) else json.dumps(models)
    return PriceBook([read_provider(provider, f'{{"version": {version}, "models": {text}}}'.encode())])


def entry(dollars=1, **members):
    return {f"{D}input": dollars, f"{D}output": dollars, **members}


@pytest.fixture
def small(small_registry):
    return PriceBook(
        read_provider(name, (small_registry / name / "models.json").read_bytes())
        for name in ("openai", "anthropic", "google")
    )


def test_an_exact_key_beats_an_alias(small):
    trap = small.find("openai", "gpt-4o-2024-05-13")
    assert (trap.priced_as, trap.input, trap.output) == ("openai:gpt-4o-2024-05-13", 5, 15)


def test_an_alias_finds_its_model(small):
    found = small.find("anthropic", "claude-sonnet-4-5")
    assert found.priced_as == "anthropic:claude-sonnet-4-5-20250929"
    assert small.find("openai", "gpt-4o-2024-11-20").priced_as == "openai:gpt-4o-2024-08-06"


def test_an_alias_works_within_its_provider_only(small):
    assert small.find("openai", "claude-sonnet-4-5") is None
    assert small.find("openai", "claude-sonnet-4-5-20250929") is None


def test_case_matters(small):
    assert small.find("openai", "GPT-4o") is None
    assert small.find("OpenAI", "gpt-4o") is None


def test_an_unknown_model_has_no_price(small):
    assert small.find("openai", "gpt-99") is None


def test_a_model_that_carries_its_provider_is_found(small):
    assert small.find("openai", "openai:gpt-4o") is small.find("openai", "gpt-4o")


def test_the_provider_own_version_is_recorded(small):
    assert small.find("openai", "gpt-4o").registry_version == "openai.3"
    assert small.find("google", "gemini-2.5-pro").registry_version == "google.1"


def test_an_inactive_model_is_priced(small):
    assert small.find("google", "gemini-2.0-flash-lite").input == Decimal("0.075")


def test_an_explicit_zero_is_a_price_and_null_is_none(small):
    assert small.find("openai", "text-embedding-3-small").output == 0
    assert small.find("openai", "text-embedding-3-small").output is not None
    unpriced = small.find("openai", "gpt-unpriced")
    assert (unpriced.input, unpriced.output) == (None, None)


def test_the_long_context_tier_is_read_where_it_is_supported(small):
    tier = small.find("google", "gemini-2.5-pro")
    assert (tier.long_context_threshold, tier.input_long_context, tier.output_long_context) == (200_000, 2.5, 15)


@pytest.mark.parametrize("members", [{"supports_long_context_pricing": False}, {"long_context_threshold_tokens": None}])
def test_without_support_or_threshold_there_is_no_tier(members):
    whole = {"supports_long_context_pricing": True, "long_context_threshold_tokens": 9, f"{D}input_long_context": 2}
    found = book({"openai:a": entry(**{**whole, **members})}).find("openai", "a")
    assert (found.long_context_threshold, found.input_long_context, found.output_long_context) == (None, None, None)


def test_cache_prices_are_read(small):
    found = small.find("anthropic", "claude-sonnet-4-5-20250929")
    assert (found.cached_input, found.cache_read) == (None, Decimal("0.3"))
    assert (found.cache_write_5m, found.cache_write_1h) == (Decimal("3.75"), Decimal("6.0"))


def test_money_never_passes_through_a_float():
    found = book(f'{{"openai:a": {{"{D}input": 0.1234567890123456, "{D}output": 0.30}}}}').find("openai", "a")
    assert (str(found.input), str(found.output)) == ("0.1234567890123456", "0.30")


def test_a_bare_key_is_found_after_the_exact_one():
    found = book({"a": entry(1), "openai:a": entry(2), "b": entry(3)})
    assert found.find("openai", "a").input == 2
    assert (found.find("openai", "b").input, found.find("openai", "b").priced_as) == (3, "openai:b")


def test_a_bare_key_beats_an_alias():
    found = book({"openai:a": entry(1, model_aliases=["b"]), "b": entry(2)})
    assert found.find("openai", "b").input == 2


def test_the_first_of_two_models_with_one_alias_wins_and_the_other_is_logged(caplog):
    found = book({"openai:a": entry(1, model_aliases=["x"]), "openai:b": entry(2, model_aliases=["x"])})
    assert found.find("openai", "x").priced_as == "openai:a"
    assert "an alias of openai:a, not of openai:b too" in caplog.text


@pytest.mark.parametrize(
    "odd", ["-1", '"NaN"', '"Infinity"', "1e99", "1e-99"], ids=["negative", "nan", "infinite", "huge", "tiny"]
)
def test_what_can_be_no_price_counts_as_none_and_is_logged(odd, caplog):
    found = book(f'{{"openai:a": {{"{D}input": {odd}, "{D}output": 2}}}}').find("openai", "a")
    assert (found.input, found.output) == (None, 2)
    assert "openai:a (input is" in caplog.text


@pytest.mark.parametrize("odd", ["null", "[]", "3", '{"dollars_per_million_tokens_input": true}'])
def test_an_entry_of_another_shape_is_unpriced_and_spares_the_others(odd, caplog):
    found = book(f'{{"openai:odd": {odd}, "openai:good": {json.dumps(entry(4))}}}')
    assert (found.find("openai", "odd").input, found.find("openai", "good").input) == (None, 4)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_an_unpriceable_exact_key_is_not_answered_by_an_alias():
    found = book({"openai:a": 3, "openai:b": entry(9, model_aliases=["a"])})
    assert (found.find("openai", "a").priced_as, found.find("openai", "a").input) == ("openai:a", None)


def test_a_file_without_models_is_refused():
    for body in (b'{"models": {}}', b'{"models": []}', b"[]", b"", b'{"models": {"a": NaN}}', b'{"models":{"\xff":1}}'):
        with pytest.raises(InvalidFile):
            read_provider("openai", body)


def test_the_file_of_another_provider_is_refused():
    with pytest.raises(InvalidFile, match="google"):
        read_provider("openai", b'{"provider": "google", "models": {"google:a": {}}}')


names = st.text("abAB:-.", min_size=1, max_size=3)


@example({"A": (0, [":"]), "a:A": (0, [])}, ":")  # a bare key beside its exact one does not count
@given(st.dictionaries(names, st.tuples(st.integers(0, 9), st.lists(names, max_size=3)), min_size=1), names)
def test_whatever_the_file_exact_beats_bare_beats_alias(file, model):
    models = {key: entry(dollars, model_aliases=aliases) for key, (dollars, aliases) in file.items()}
    found = book(models, provider="a").find("a", model)
    if f"a:{model}" in models:
        assert found.input == file[f"a:{model}"][0]
    elif model in models:
        assert found.input == file[model][0]
    elif any(model in aliases for key, (_, aliases) in file.items() if f"a:{key}" not in file):
        assert found is not None
    if found is not None:
        assert found.priced_as.startswith("a:")
