"""Figures as HTML: rounded for people, and exactly in the `<data>` around them. Pure functions.

Pages have hundreds of them: as macros of the templates they took several times as long.
"""

from decimal import Decimal

from markupsafe import Markup

from llmring_dashboard.wording import NOTHING, count, exact, money

NO_PRICE = Markup(f'<span class="unknown" title="No price is known">{NOTHING}</span>')  # noqa: S704 — constants
UNKNOWN = Markup(f'<span class="unknown">{NOTHING}</span>')  # noqa: S704 — constants


def usd(amount: Decimal | None) -> Markup:
    """Return an amount in USD; a dash that says why for one that is not known."""
    if amount is None:
        return NO_PRICE
    said = exact(amount)
    return Markup(f'<data value="{said}" title="{said} USD">{money(amount)}</data>')  # noqa: S704 — formatted numbers


def whole(number: int | None) -> Markup:
    """Return a whole number; a dash for one that is not known."""
    if number is None:
        return UNKNOWN
    return Markup(f'<data value="{number:d}">{count(number)}</data>')  # noqa: S704 — formatted numbers
