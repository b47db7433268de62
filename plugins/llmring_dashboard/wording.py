"""Figures as people read them, with their units. Pure functions.

A figure that is shown rounded stands in the page exactly too, as `exact` writes it.
"""

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from zoneinfo import ZoneInfo

CENT = Decimal("0.01")
FINE = Context(prec=3, rounding=ROUND_HALF_EVEN)
NOTHING = "–"


def exact(amount: Decimal | int | None) -> str:
    """Return a number with all its decimals and no exponent; nothing for None."""
    return "" if amount is None else format(amount, "f")


def money(amount: Decimal | None) -> str:
    """Return USD: to the cent from a dollar on, with three digits below that; a dash for an unknown amount."""
    if amount is None:
        return NOTHING
    if amount == 0:
        return "$0.00"
    shown = amount.quantize(CENT) if abs(amount) >= 1 else FINE.plus(amount)
    return f"${shown:,f}"


def rate(dollars: Decimal) -> str:
    """Return a price in USD with all its decimals, two at least: $0.075, $3.00."""
    places = max(2, -int(dollars.normalize().as_tuple().exponent))
    return f"${dollars:,.{places}f}"


def count(number: int | None) -> str:
    """Return a whole number, in groups of three."""
    return NOTHING if number is None else f"{number:,d}"


def percent(share: float | Decimal | None) -> str:
    """Return a share of 1 as percents, with one decimal."""
    return NOTHING if share is None else f"{share * 100:,.1f} %"


def signed(share: Decimal) -> str:
    """Return a change, as a share of 1, in percents with its sign."""
    return f"{share * 100:+,.1f} %"


def milliseconds(duration: float | Decimal | None) -> str:
    """Return a duration given in ms, in seconds from one second on."""
    if duration is None:
        return NOTHING
    return f"{duration:,.0f} ms" if duration < 1000 else f"{duration / 1000:,.2f} s"


def moment(when: datetime, zone: ZoneInfo) -> str:
    """Return a time in a zone, to the second."""
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M:%S}"
