"""Numbers, times and sentences formatted for display. Pure functions.

A page has the exact value of every rounded number too, as written by `exact`.
"""

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from zoneinfo import ZoneInfo

CENT = Decimal("0.01")
FINE = Context(prec=3, rounding=ROUND_HALF_EVEN)
NOTHING = "–"


def exact(amount: Decimal | int | None) -> str:
    """Return a number with all decimals and no exponent; '' for None."""
    return "" if amount is None else format(amount, "f")


def money(amount: Decimal | None) -> str:
    """Return USD rounded to the cent, or to three digits below one dollar; a dash for None."""
    if amount is None:
        return NOTHING
    if amount == 0:
        return "$0.00"
    shown = amount.quantize(CENT) if abs(amount) >= 1 else FINE.plus(amount)
    return f"${shown:,f}"


def rate(dollars: Decimal) -> str:
    """Return a price in USD with all decimals, at least two: $0.075, $3.00."""
    places = max(2, -int(dollars.normalize().as_tuple().exponent))
    return f"${dollars:,.{places}f}"


def count(number: int | None) -> str:
    """Return a whole number with thousands separators; a dash for None."""
    return NOTHING if number is None else f"{number:,d}"


def percent(share: float | Decimal | None) -> str:
    """Return a share of 1 in percent with one decimal; a dash for None."""
    return NOTHING if share is None else f"{share * 100:,.1f}%"


def signed(share: Decimal) -> str:
    """Return a change, a share of 1, in percent with its sign."""
    return f"{share * 100:+,.1f}%"


def milliseconds(duration: float | Decimal | None) -> str:
    """Return a duration given in ms; in seconds if it is a second or more."""
    if duration is None:
        return NOTHING
    return f"{duration:,.0f} ms" if duration < 1000 else f"{duration / 1000:,.2f} s"


def moment(when: datetime, zone: ZoneInfo) -> str:
    """Return a time in a time zone, to the second."""
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def sentence(text: str) -> str:
    """Return a message with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
