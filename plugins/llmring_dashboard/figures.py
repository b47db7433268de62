"""Numbers as HTML: rounded text inside a `<data>` element with the exact value. Pure functions.

A page has hundreds of them, and template macros are several times slower.
"""

from decimal import Decimal

from markupsafe import Markup

from llmring_dashboard.wording import NOTHING, count, exact, money

NO_PRICE = Markup(f'<span class="unknown" title="No price known">{NOTHING}</span>')  # noqa: S704 — constants
UNKNOWN = Markup(f'<span class="unknown">{NOTHING}</span>')  # noqa: S704 — constants


def usd(amount: Decimal | None) -> Markup:
    """Return an amount in USD, or a dash with a tooltip if it is unknown."""
    if amount is None:
        return NO_PRICE
    said = exact(amount)
    return Markup(f'<data value="{said}" title="{said} USD">{money(amount)}</data>')  # noqa: S704 — formatted numbers


def usd_change(amount: Decimal) -> Markup:
    """Return a difference in USD with its sign."""
    said, sign = exact(amount), "−" if amount < 0 else "+" if amount > 0 else "±"
    return Markup(f'<data value="{said}" title="{said} USD">{sign}{money(abs(amount))}</data>')  # noqa: S704 — as above


def whole(number: int | None) -> Markup:
    """Return a whole number, or a dash if it is unknown."""
    if number is None:
        return UNKNOWN
    return Markup(f'<data value="{number:d}">{count(number)}</data>')  # noqa: S704 — formatted numbers
