"""The breakdown of a stored cost: its terms add up to it, by the calculator that computed it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmring_server.contracts import Price
from llmring_usage.models.series import decode_rates, encode_rates
from llmring_usage.pricing.calculators import CALCULATORS, total
from llmring_usage.pricing.cost_breakdown import TERMS, explain_cost
from llmring_usage.pricing.tokens import Tokens

PRICE = Price(
    priced_as="p:m", registry_version="p.1", input=Decimal("1.25"), output=Decimal(10), cache_read=Decimal("0.125"),
    cache_write_5m=Decimal(2), cache_write_1h=Decimal(3), output_thinking=Decimal(12), long_context_threshold=1_000,
    input_long_context=Decimal("2.5"), output_long_context=Decimal(15),
)  # fmt: skip
counts = st.integers(0, 2**63 - 1)
tokens = st.builds(Tokens, counts, counts, counts, counts, counts, counts, st.just(0))


@pytest.mark.parametrize("name", CALCULATORS)
@given(tokens)
def test_the_terms_add_up_to_the_cost_of_their_calculator(name, given_tokens):
    found = explain_cost(given_tokens, PRICE, CALCULATORS[name](given_tokens, PRICE), name)
    assert (found.calculator, found.exact) == (name, True)
    assert total((term.tokens, term.rate) for term in found.terms) == found.total
    assert all(term.tokens for term in found.terms)


def test_every_calculator_can_be_explained():
    assert TERMS.keys() == CALCULATORS.keys()


def test_the_calculator_that_gives_the_stored_cost_is_found():
    call = Tokens(fresh=2_000, cache_read=0, cache_write_5m=0, cache_write_1h=0, cache_write=0, output=10, reasoning=0)
    assert CALCULATORS["client"](call, PRICE) != CALCULATORS["provider"](call, PRICE)
    assert explain_cost(call, PRICE, CALCULATORS["client"](call, PRICE), "provider").calculator == "client"


def test_a_cost_that_no_calculator_gives_is_marked_as_different():
    call = Tokens(fresh=1, cache_read=0, cache_write_5m=0, cache_write_1h=0, cache_write=0, output=1, reasoning=0)
    found = explain_cost(call, PRICE, Decimal(1), "client")
    assert (found.calculator, found.exact) == ("client", False)


def test_a_price_without_rates_has_no_breakdown():
    bare = Price(priced_as="p:m", registry_version="p.1")
    call = Tokens(fresh=1, cache_read=0, cache_write_5m=0, cache_write_1h=0, cache_write=0, output=1, reasoning=0)
    assert explain_cost(call, bare, None, "provider") is None


def test_the_rates_of_a_row_are_those_it_was_priced_with():
    stored = decode_rates(encode_rates(PRICE))
    assert [
        getattr(stored, name) for name in Price.__struct_fields__ if name not in ("priced_as", "registry_version")
    ] == [getattr(PRICE, name) for name in Price.__struct_fields__ if name not in ("priced_as", "registry_version")]
