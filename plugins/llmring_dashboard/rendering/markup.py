"""Numbers as HTML: rounded text inside a `<data>` element with the exact value. Pure functions.

A page has hundreds of them, and template macros are several times slower.
"""

from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup

from llmring_dashboard.rendering.formatting import DASH, format_count, format_exact, format_usd

NO_PRICE = Markup('<span class="unknown" title="No price known">unpriced</span>')
ESTIMATED = "estimated"
UNKNOWN = Markup(f'<span class="unknown">{DASH}</span>')  # noqa: S704 — constants


def render_usd(amount: Decimal | None) -> Markup:
    """Return an amount in USD, or “unpriced” if it is unknown: never $0."""
    if amount is None:
        return NO_PRICE
    value = format_exact(amount)
    return Markup(f'<data value="{value}" title="{value} USD">{format_usd(amount)}</data>')  # noqa: S704 — formatted numbers


def render_cost(cost: Decimal | None, status: str, notes: Sequence[str]) -> Markup:
    """Return the cost of a call in USD, marked where it is estimated; the tooltip has the substitutions."""
    amount = render_usd(cost)
    if status != ESTIMATED:
        return amount
    return amount + Markup(' <span class="soft" title="{}">estimated</span>').format("; ".join(notes))


def render_sum(total: Decimal, calls: int, unpriced: int) -> Markup:
    """Return the cost of several calls in USD, or “unpriced” if not one of them has a cost."""
    return NO_PRICE if calls and calls == unpriced and not total else render_usd(total)


def render_step_cost(cost: Decimal, *, some_unpriced: bool) -> Markup:
    """Return the cost of a step of time in USD; a dash for 0 where calls of the period are unpriced."""
    if cost or not some_unpriced:
        return render_usd(cost)
    return Markup(f'<data value="0" class="unknown" title="No priced calls">{DASH}</data>')  # noqa: S704 — constants


def render_usd_change(amount: Decimal) -> Markup:
    """Return a difference in USD with its sign."""
    value, sign = format_exact(amount), "−" if amount < 0 else "+" if amount > 0 else "±"
    return Markup(f'<data value="{value}" title="{value} USD">{sign}{format_usd(abs(amount))}</data>')  # noqa: S704 — as above


def render_count(number: int | None) -> Markup:
    """Return a whole number, or a dash if it is unknown."""
    if number is None:
        return UNKNOWN
    return Markup(f'<data value="{number:d}">{format_count(number)}</data>')  # noqa: S704 — formatted numbers
