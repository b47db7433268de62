"""Numbers, times and sentences formatted for display. Pure functions.

A page has the exact value of every rounded number too, as written by `format_exact`.
"""

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from zoneinfo import ZoneInfo

CENT = Decimal("0.01")
THREE_DIGITS = Context(prec=3, rounding=ROUND_HALF_EVEN)
DASH = "–"


def format_exact(amount: Decimal | int | None) -> str:
    """Return a number with all decimals and no exponent; '' for None."""
    return "" if amount is None else format(amount, "f")


def format_usd(amount: Decimal | None) -> str:
    """Return USD rounded to the cent, or to three digits below one dollar; a dash for None."""
    if amount is None:
        return DASH
    if amount == 0:
        return "$0.00"
    shown = amount.quantize(CENT) if abs(amount) >= 1 else THREE_DIGITS.plus(amount)
    return f"${shown:,f}"


def format_rate(dollars: Decimal) -> str:
    """Return a price in USD with all decimals, at least two: $0.075, $3.00."""
    places = max(2, -int(dollars.normalize().as_tuple().exponent))
    return f"${dollars:,.{places}f}"


def format_count(number: int | None) -> str:
    """Return a whole number with thousands separators; a dash for None."""
    return DASH if number is None else f"{number:,d}"


def format_percent(share: float | Decimal | None) -> str:
    """Return a share of 1 in percent with one decimal; a dash for None."""
    return DASH if share is None else f"{share * 100:,.1f}%"


def format_change(share: Decimal) -> str:
    """Return a change, a share of 1, in percent with its sign."""
    return f"{share * 100:+,.1f}%"


def format_duration(duration: float | Decimal | None) -> str:
    """Return a duration given in ms; in seconds if it is a second or more."""
    if duration is None:
        return DASH
    return f"{duration:,.0f} ms" if duration < 1000 else f"{duration / 1000:,.2f} s"


def format_time(when: datetime, zone: ZoneInfo) -> str:
    """Return a time in a time zone, to the second."""
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def format_price_source(source: str) -> str:
    """Return the name of a source of prices."""
    kind, _, name = source.partition(":")
    if kind == "override":
        return f"your own price {name}" if name else "your own price"
    return {"registry": "the model registry", "genai-prices": "genai-prices (bundled)"}.get(source, source)


def format_sentence(text: str) -> str:
    """Return a message with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
