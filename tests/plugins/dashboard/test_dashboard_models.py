"""The computations of the pages: date ranges, shares, bars and formatted numbers."""

from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree.ElementTree import fromstring
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from llmring_dashboard.rendering import formatting, markup
from llmring_dashboard.usage import charts, date_ranges, spending
from llmring_dashboard.usage.date_ranges import DateRange
from llmring_server.contracts.usage import StepShare
from llmring_server.contracts.usage_filters import CallFilter
from llmring_server.http.errors import Problem

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")


def days(first, last):
    return DateRange(date.fromisoformat(first), date.fromisoformat(last), ROME)


def test_by_default_the_last_thirty_days_until_today_are_shown():
    found = date_ranges.parse_range(CallFilter(), "Pacific/Kiritimati", NOON)
    assert (found.first, found.last, found.length) == (date(2026, 2, 15), date(2026, 3, 16), 30)


def test_a_range_that_begins_later_ends_where_it_begins():
    found = date_ranges.parse_range(CallFilter(start_date="2026-04-01"), "UTC", NOON)
    assert (found.first, found.last) == (date(2026, 4, 1), date(2026, 4, 1))


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2026-03-01", "2026-03-31", ("2026-01-29", "2026-02-28")),
        ("2026-03-01", "2026-03-01", ("2026-02-28", "2026-02-28")),
    ],
)
def test_the_range_before_is_as_long_and_ends_where_this_one_begins(first, last, before):
    assert days(first, last).previous() == days(*before)


@given(st.dates(date(1970, 1, 1), date(8000, 1, 1)), st.integers(1, date_ranges.MAX_DAYS))
def test_every_day_of_a_range_has_a_bar(first, number):
    last = date.fromordinal(first.toordinal() + number - 1)
    found = DateRange(first, last, ROME)
    steps = found.step_starts()
    assert steps == sorted(set(steps))
    assert {date_ranges.start_of_step(day, found.step) for day in (first, last)} <= set(steps)
    assert len(steps) <= 122


def test_the_presets_are_whole_ranges():
    offered = {
        name: (str(found.first), str(found.last)) for name, found in date_ranges.list_presets(date(2026, 3, 15), ROME)
    }
    assert offered["This month"] == ("2026-03-01", "2026-03-15")
    assert offered["Last month"] == ("2026-02-01", "2026-02-28")
    assert offered["7 days"] == ("2026-03-09", "2026-03-15")


@pytest.mark.parametrize("query", [CallFilter(start_date="1969-12-31"), CallFilter(end_date="20260301T00")])
def test_dates_out_of_reach_are_refused(query):
    with pytest.raises(Problem) as caught:
        date_ranges.parse_range(query, "UTC", NOON)
    assert caught.value.status_code == 422


def test_the_most_expensive_names_have_bars_of_their_own_and_the_rest_share_one():
    shown = [StepShare(date(2026, 3, 1), f"m{index:02}", 1, Decimal(index)) for index in range(1, 13)]
    found = spending.build_bars(shown, days("2026-03-01", "2026-03-02"))
    assert [bar.name for bar in found] == ["m12", "m11", "m10", "m09", "m08", "m07", "m06", "m05", "m04", ""]
    assert [bar.is_other for bar in found] == [False] * 9 + [True]
    assert found[-1].costs == [Decimal(6), Decimal(0)]


def test_sums_of_bars_are_exact():
    tiny, huge = Decimal("1e-12"), Decimal(10) ** 15
    shown = [StepShare(date(2026, 3, 1), name, 1, cost) for name, cost in (("a", tiny), ("b", huge))]
    shown += [StepShare(date(2026, 3, 1), "b", 1, tiny)]
    found = spending.build_bars(shown, days("2026-03-01", "2026-03-01"))
    assert [(bar.name, bar.costs) for bar in found] == [("b", [huge + tiny]), ("a", [tiny])]


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (None, "–"), ("0", "$0.00"), ("0.000000123456", "$0.000000123"), ("0.5", "$0.5"), ("1", "$1.00"),
        ("1234567.891", "$1,234,567.89"), ("0.9999", "$1.00"), ("1E+3", "$1,000.00"),
    ],
)  # fmt: skip
def test_money_is_rounded_for_the_eye(amount, words):
    assert formatting.format_usd(amount and Decimal(amount)) == words


@pytest.mark.parametrize(("amount", "words"), [("1E-7", "0.0000001"), ("1E+3", "1000"), ("2.50", "2.50")])
def test_an_exact_figure_has_all_its_decimals_and_no_exponent(amount, words):
    assert formatting.format_exact(Decimal(amount)) == words


@pytest.mark.parametrize(
    ("figure", "html"),
    [
        (markup.render_usd(Decimal("1234.5678")), '<data value="1234.5678" title="1234.5678 USD">$1,234.57</data>'),
        (markup.render_usd(None), '<span class="unknown" title="No price known">unpriced</span>'),
        (markup.render_sum(Decimal(0), 2, 2), markup.render_usd(None)),
        (markup.render_sum(Decimal(0), 2, 1), markup.render_usd(Decimal(0))),
        (markup.render_cost(Decimal(1), "priced", []), markup.render_usd(Decimal(1))),
        (
            markup.render_cost(Decimal(1), "estimated", ["a", "<b>"]),
            f'{markup.render_usd(Decimal(1))} <span class="soft" title="a; &lt;b&gt;">estimated</span>',
        ),
        (markup.render_count(12_345), '<data value="12345">12,345</data>'),
        (markup.render_count(0), '<data value="0">0</data>'),
        (markup.render_count(None), '<span class="unknown">–</span>'),
    ],
)
def test_a_rounded_number_has_its_exact_value_too(figure, html):
    assert figure == html
    assert f"{escape(figure)}" == html


def test_a_chart_stacks_the_parts_of_each_bar_and_escapes_their_names():
    steps = days("2026-03-01", "2026-03-02").step_starts()
    parts = [spending.Bar("<b>&", [Decimal(3), Decimal(0)]), spending.Bar("c", [Decimal(1), Decimal(4)])]
    groups = fromstring(charts.draw_stacked_bars(parts, steps)).findall(".//{*}g[@class]/{*}rect/..")
    drawn = {group.get("class"): group.findall("{*}rect") for group in groups if group.get("class").startswith("color")}
    titles = {name: [rect.findtext("{*}title") for rect in rects] for name, rects in drawn.items()}
    assert titles == {
        "color-0": ["<b>&, 2026-03-01: $3.00 (3 USD)"],
        "color-1": ["c, 2026-03-01: $1.00 (1 USD)", "c, 2026-03-02: $4.00 (4 USD)"],
    }
    (low,), (high, tallest) = drawn["color-0"], drawn["color-1"]
    assert float(high.get("y")) + float(high.get("height")) == pytest.approx(float(low.get("y")), abs=0.02)
    assert float(tallest.get("height")) == pytest.approx(4 * float(high.get("height")), rel=0.01)
    assert float(low.get("x")) == float(high.get("x")) < float(tallest.get("x"))


@pytest.mark.parametrize(
    ("duration", "words"),
    [(None, "–"), (0.4, "0 ms"), (999, "999 ms"), (1000, "1.00 s"), (Decimal("61234"), "61.23 s")],
)
def test_durations_are_in_seconds_from_one_on(duration, words):
    assert formatting.format_duration(duration) == words
