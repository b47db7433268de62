"""Numbers as HTML: rounded text inside a `<data>` element with the exact value. Pure functions.

A page has hundreds of them, and template macros are several times slower.
"""

from decimal import Decimal

from markupsafe import Markup

from llmring_dashboard.rendering.formatting import DASH, format_count, format_exact, format_usd

NO_PRICE = Markup(f'<span class="unknown" title="No price known">{DASH}</span>')  # noqa: S704 — constants
UNKNOWN = Markup(f'<span class="unknown">{DASH}</span>')  # noqa: S704 — constants


def render_usd(amount: Decimal | None) -> Markup:
    """Return an amount in USD, or a dash with a tooltip if it is unknown."""
    if amount is None:
        return NO_PRICE
    value = format_exact(amount)
    return Markup(f'<data value="{value}" title="{value} USD">{format_usd(amount)}</data>')  # noqa: S704 — formatted numbers


def render_usd_change(amount: Decimal) -> Markup:
    """Return a difference in USD with its sign."""
    value, sign = format_exact(amount), "−" if amount < 0 else "+" if amount > 0 else "±"
    return Markup(f'<data value="{value}" title="{value} USD">{sign}{format_usd(abs(amount))}</data>')  # noqa: S704 — as above


def render_count(number: int | None) -> Markup:
    """Return a whole number, or a dash if it is unknown."""
    if number is None:
        return UNKNOWN
    return Markup(f'<data value="{number:d}">{format_count(number)}</data>')  # noqa: S704 — formatted numbers
