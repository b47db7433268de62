"""The data of the overview, computed from statistics without a server."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from llmring_dashboard.usage import spending
from llmring_dashboard.usage.date_ranges import DateRange
from llmring_server.contracts.usage import StepShare

DAYS = DateRange(date(2026, 11, 18), date(2026, 11, 20), ZoneInfo("America/Vancouver"))


def share(day, name, cost):
    return StepShare(date(2026, 11, day), name, 1, Decimal(cost))


def test_a_day_outside_the_range_counts_in_the_nearest_bar():
    shown = [share(17, "m", "1"), share(18, "m", "2"), share(21, "m", "4")]
    (bar,) = spending.build_bars(shown, DAYS)
    assert bar.costs == [Decimal(3), Decimal(0), Decimal(4)]


def test_the_most_expensive_names_have_bars_and_the_others_share_one():
    shown = [share(18, f"m{number:02}", number) for number in range(1, 13)]
    found = spending.build_bars(shown, DAYS)
    assert [bar.label for bar in found] == [f"m{number:02}" for number in range(12, 3, -1)] + ["Other"]
    assert found[-1].costs[0] == 1 + 2 + 3
