"""The lines of a statement: canonical JSON, exact sums, and an equivalent CSV."""

import csv
import io
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from statement_kit import call

from llmring_receipts.statements.formats import lines
from llmring_receipts.statements.formats.lines import StatementLine
from llmring_receipts.statements.formats.totals import Totals
from llmring_receipts.statements.generate import build_line

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
MONEY = st.decimals("0", "1000000000000000", allow_nan=False, allow_infinity=False, places=12)


def members(line: StatementLine) -> dict[str, str]:
    found = {name: getattr(line, name) for name in StatementLine.__struct_fields__}
    return {name: text for name, text in found.items() if text}


@given(TEXT.filter(bool), TEXT, TEXT)
def test_a_line_is_written_as_rfc_8785_says_whatever_text_is_in_it(model, alias, origin):
    line = build_line(call(1, model=model, alias=alias, origin=origin), 1, None)
    assert line.canonical() == rfc8785.dumps(members(line))


@given(TEXT.filter(bool), TEXT, TEXT)
def test_a_line_comes_back_from_csv_whatever_text_is_in_it(model, alias, origin):
    line = build_line(call(1, model=model, alias=alias, origin=origin), 1, None)
    text = lines.to_csv([line], header=True, version=2)
    ((_, found, said),) = lines.from_csv(io.StringIO(text.decode(), newline=""))
    assert (found, said) == (line, line.hash)


@given(st.lists(MONEY, max_size=20))
def test_totals_are_exact(costs):
    totals = Totals()
    for number, cost in enumerate(costs):
        totals.add(build_line(call(3, cost=cost), number + 1, None))
    exact = sum((int(cost.scaleb(12)) for cost in costs), 0)
    assert [total["amount"] for total in totals.to_fields(2)] == [
        lines.format_money(Decimal(exact).scaleb(-12))
    ] * bool(costs)


@given(MONEY, MONEY)
def test_a_correction_and_what_it_corrects_add_up_to_what_holds(was, now):
    first = build_line(call(1, cost=was), 1, None)
    second = build_line(call(1, cost=now), 2, first)
    assert Decimal(first.amount) + Decimal(second.amount) == now
    assert (second.kind, second.corrects) == ("correction", "1")


@pytest.mark.parametrize(
    ("value", "written"),
    [("0", "0"), ("0.000", "0"), ("1E+3", "1000"), ("1E-12", "0.000000000001"), ("10", "10"), ("2.50", "2.5")],
)
def test_money_is_written_with_every_digit_and_no_exponent(value, written):
    assert lines.format_money(Decimal(value)) == written


def test_counts_past_64_bits_and_costs_of_40_decimals_are_stored():
    cost = Decimal("999999999999999." + "1" * 40)
    totals = Totals()
    for number in (1, 2, 3):
        totals.add(build_line(call(3, cost=cost, input_tokens=2**63 - 1), number, None))
    (total,) = totals.to_fields(2)
    assert (total["amount"], total["input_tokens"]) == ("2999999999999997." + "3" * 40, str(3 * (2**63 - 1)))


@pytest.mark.parametrize("name", ["seq", "input_tokens", "amount", "hash"])
@pytest.mark.parametrize("text", ["", "x", "1e5", "NaN", "１", "9" * 5000])
def test_a_number_that_is_none_is_refused_with_its_row(name, text):
    table = list(
        csv.reader(
            io.StringIO(lines.to_csv([build_line(call(1), 1, None)], header=True, version=2).decode(), newline="")
        )
    )
    table[1][table[0].index(name)] = text
    changed = io.StringIO(newline="")
    csv.writer(changed).writerows(table)
    changed.seek(0)
    with pytest.raises(lines.InvalidLines, match="row 2"):
        list(lines.from_csv(changed))
