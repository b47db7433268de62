"""The cost of a call: the golden table of real prices, and properties of every call."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmring_server.contracts import Price
from llmring_usage.counts.own_counts import count_tokens
from llmring_usage.models.entries import MAX_COUNT, UsageEntry
from llmring_usage.pricing.aggregate import TIER_TERMS, PriceTier, quote_tiers
from llmring_usage.pricing.calculators import CALCULATORS, client_cost, provider_cost, quote
from llmring_usage.pricing.tokens import KINDS, Tokens


def price(**rates: str | int | None) -> Price:
    rated = {name: Decimal(rate) if isinstance(rate, str) else rate for name, rate in rates.items()}
    return Price(priced_as="p:m", registry_version="p.1", **rated)


GPT_5_MINI = price(input="0.25", output="2", cached_input="0.025")
SONNET = price(
    input="3", output="15", cached_input="0.3", cache_read="0.3", cache_write_5m="3.75", cache_write_1h="6",
)  # fmt: skip
EMBEDDING = price(input="0.02", output="0")
FLASH_LITE = price(input="0.075", output="0.3", cached_input="0.075")
GEMINI_PRO = price(
    input="1.25", output="10", long_context_threshold=200_000, input_long_context="2.5", output_long_context="15",
)  # fmt: skip

GOLDEN = [
    ("openai", GPT_5_MINI, {"input_tokens": 9500, "output_tokens": 150, "cached_input_tokens": 8000}, "0.000875", None),
    (
        "anthropic", SONNET,
        {"input_tokens": 1500, "output_tokens": 150, "cached_input_tokens": 8000,
         "cache_write_5m_tokens": 600, "cache_write_1h_tokens": 400},
        "0.0138", None,
    ),
    (
        "anthropic", SONNET,
        {"input_tokens": 1500, "output_tokens": 150, "cached_input_tokens": 8000, "cache_write_tokens": 1000},
        "0.0129", None,
    ),
    ("openai", EMBEDDING, {"input_tokens": 1_000_000}, "0.02", None),
    ("google", FLASH_LITE, {"input_tokens": 1000, "output_tokens": 1000, "cached_input_tokens": 500}, "0.000375", None),
    ("google", GEMINI_PRO, {"input_tokens": 250_000, "output_tokens": 1000}, "0.385", "0.64"),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "rates", "tokens", "client", "billed"), GOLDEN)
def test_the_golden_table_holds_for_both_calculators(provider, rates, tokens, client, billed):
    kinds = count_tokens(UsageEntry(provider=provider, model="m", **tokens))
    assert client_cost(kinds, rates) == Decimal(client)
    assert provider_cost(kinds, rates) == Decimal(billed or client)


def test_a_cost_is_written_without_trailing_zeros_or_an_exponent():
    kinds = count_tokens(UsageEntry(provider="p", model="m", input_tokens=10**12))
    assert str(provider_cost(kinds, price(input="250.00", output="1"))) == "250000000"


def test_a_missing_rate_leaves_a_call_unpriced():
    kinds = count_tokens(UsageEntry(provider="p", model="m", input_tokens=1))
    assert quote(kinds, price(input="1"), provider_cost).status == "price_missing"


def test_an_explicit_zero_is_a_price():
    assert (
        quote(count_tokens(UsageEntry(provider="p", model="m")), price(input="0", output="0"), provider_cost).cost == 0
    )


def test_reasoning_has_its_own_rate_only_if_one_is_set():
    kinds = count_tokens(UsageEntry(provider="p", model="m", output_tokens=1_000_000, reasoning_tokens=400_000))
    assert provider_cost(kinds, price(input="1", output="10")) == 10
    assert provider_cost(kinds, price(input="1", output="10", output_thinking="20")) == 14


def test_anthropic_reports_cached_reads_separately_from_its_input():
    assert (
        count_tokens(UsageEntry(provider="anthropic", model="m", input_tokens=1500, cached_input_tokens=800)).fresh
        == 1500
    )
    assert (
        count_tokens(UsageEntry(provider="openai", model="m", input_tokens=1500, cached_input_tokens=800)).fresh == 700
    )


def test_more_cached_than_input_means_separate_counts():
    assert (
        count_tokens(UsageEntry(provider="openai", model="m", input_tokens=100, cached_input_tokens=800)).fresh == 100
    )


def test_the_clients_declaration_about_its_counts_is_trusted():
    said = {"input_tokens": 1500, "cached_input_tokens": 800}
    assert count_tokens(UsageEntry(provider="anthropic", model="m", input_includes_cached=True, **said)).fresh == 700
    assert count_tokens(UsageEntry(provider="openai", model="m", input_includes_cached=False, **said)).fresh == 1500


counts = st.integers(0, MAX_COUNT // 2) | st.integers(0, 10_000) | st.none()
rates = st.decimals(0, 1000, places=6) | st.none()
entries = st.builds(
    UsageEntry,
    provider=st.sampled_from(["openai", "anthropic", "google"]),
    model=st.just("m"),
    input_tokens=counts,
    output_tokens=counts,
    cached_input_tokens=counts,
    cache_read_tokens=counts,
    cache_write_5m_tokens=counts,
    cache_write_1h_tokens=counts,
    cache_write_tokens=counts,
    reasoning_tokens=counts,
    input_includes_cached=st.sampled_from([False, None]),
)
prices = st.builds(
    Price,
    priced_as=st.just("p:m"),
    registry_version=st.just("p.1"),
    **dict.fromkeys(
        ("cached_input", "cache_read", "cache_write_5m", "cache_write_1h", "output_thinking", "input_long_context",
         "output_long_context"),
        rates,
    ),
    input=st.decimals(0, 1000, places=6),
    output=st.decimals(0, 1000, places=6),
    long_context_threshold=st.integers(1, 10**6) | st.none(),
)  # fmt: skip


@given(entries, prices, st.sampled_from(sorted(CALCULATORS)))
def test_no_call_has_a_negative_count_or_cost(entry, rates, calculator):
    kinds = count_tokens(entry)
    assert kinds.fresh >= 0
    assert kinds.output - kinds.reasoning >= 0
    assert CALCULATORS[calculator](kinds, rates) >= 0


@given(entries, prices)
def test_arithmetic_is_exact(entry, rates):
    """Costs computed in integers of a millionth of a millionth are equal to the last digit."""
    kinds = count_tokens(entry)
    if rates.long_context_threshold is not None:
        return
    whole = 10**6
    micro = {name: int(getattr(rates, name) * whole) for name in ("input", "output")}
    plain = Price(priced_as="p:m", registry_version="p.1", input=rates.input, output=rates.output)
    expected = (kinds.prompt * micro["input"] + kinds.output * micro["output"], whole * whole)
    cost = provider_cost(kinds, plain)
    assert int(cost.scaleb(12, context=__import__("decimal").Context(prec=90))) == expected[0]


def price_tiers(calls, threshold):
    """Return sums of calls by whether their prompt and their fresh input are above a threshold."""
    groups = {}
    for kinds in calls:
        groups.setdefault((kinds.prompt > threshold, kinds.fresh > threshold), []).append(kinds)
    return [
        PriceTier(len(group), sum_tokens(group), threshold if prompt else 0, threshold if fresh else 0)
        for (prompt, fresh), group in groups.items()
    ]


def sum_tokens(calls):
    return Tokens(**{name: sum(getattr(kinds, name) for kinds in calls) for name in KINDS})


@given(st.lists(entries, max_size=8), prices, st.sampled_from(sorted(CALCULATORS)))
def test_many_calls_together_cost_the_sum_of_their_costs(given_entries, rates, calculator):
    calls = [count_tokens(entry) for entry in given_entries]
    costs = [quote(kinds, rates, CALCULATORS[calculator]).cost for kinds in calls]
    bands = price_tiers(calls, rates.long_context_threshold or 0)
    exact = sum(int(cost.scaleb(24, context=__import__("decimal").Context(prec=90))) for cost in costs)
    found = quote_tiers(bands, rates, TIER_TERMS[calculator]).cost
    assert int(found.scaleb(24, context=__import__("decimal").Context(prec=90))) == exact


def test_many_calls_of_a_model_without_a_price_are_unpriced_not_free():
    assert quote_tiers([], price(input="1"), TIER_TERMS["provider"]).cost is None
