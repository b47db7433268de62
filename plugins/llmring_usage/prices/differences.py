"""Where sources disagree: the models that a project calls on which two sources differ by more than one percent."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import LiteralString

import msgspec

from llmring_server.contracts import Price
from llmring_server.database import Database
from llmring_usage.prices.book import PriceBook
from llmring_usage.prices.own.source import OwnMatch
from llmring_usage.prices.source import Lookup
from llmring_usage.pricing.rates import PLAIN, resolve_rates
from llmring_usage.tables.log_columns import COUNTED

DAYS = 30
MAX_MODELS = 1_000
TOLERANCE = Decimal("0.01")
SECONDS = 30.0

CALLED: LiteralString = (
    """
    SELECT provider, model, count(*) AS requests, coalesce(sum(cost), 0) AS cost,
        count(*) FILTER (WHERE cost IS NULL) AS unpriced_requests
    FROM usage_logs
    WHERE (%(project)s::text IS NULL OR project_id = %(project)s) AND occurred_at >= %(since)s
        AND """
    + COUNTED
    + """
    GROUP BY provider, model
    ORDER BY cost DESC, provider, model
    LIMIT %(limit)s
"""
)


class RateDifference(msgspec.Struct, frozen=True):
    """A kind of token with its rate in two sources, USD per million."""

    kind: str
    rate: Decimal
    other: Decimal


class PriceDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A model whose rates differ between two sources, and what the project spent on it in 30 days, USD.

    The spend is without that of `unpriced_requests`, which is not known.
    """

    provider: str
    model: str
    source: str
    version: str
    other_source: str
    other_version: str
    rates: list[RateDifference]
    requests: int
    spend: Decimal
    unpriced_requests: int


class CalledModel(msgspec.Struct, frozen=True):
    """A model that a project called."""

    provider: str
    model: str
    requests: int
    cost: Decimal
    unpriced_requests: int


class PriceComparison:
    """Compares the sources for the models in use."""

    def __init__(self, database: Database, book: PriceBook) -> None:
        self._database = database
        self._book = book

    async def differences(self, project: str | None) -> list[PriceDifference]:
        """Return the differences for the models that a project, or any, called in the last 30 days, by spend."""
        now = datetime.now(UTC)
        params = {"project": project, "since": now - timedelta(days=DAYS), "limit": MAX_MODELS}
        async with self._database.connection(SECONDS) as connection:
            cursor = await connection.execute(CALLED, params)
            called = [CalledModel(*row) for row in await cursor.fetchall()]
        return [found for model in called for found in self._compare(project or "", model, now)]

    def _compare(self, project: str, called: CalledModel, now: datetime) -> Iterator[PriceDifference]:
        lookup = Lookup(project, called.provider, called.model, now)
        prices = [one.price for one in self._book.look_up(lookup).candidates]
        if not any(price.source.startswith("override:") for price in prices):
            prices = [one.price for one in self._book.candidates(lookup, OwnMatch())]
        for other in prices[1:]:
            rates = _differing(prices[0], other)
            if rates and other.source != prices[0].source:
                yield PriceDifference(
                    provider=called.provider,
                    model=called.model,
                    source=prices[0].source,
                    version=prices[0].registry_version,
                    other_source=other.source,
                    other_version=other.registry_version,
                    rates=rates,
                    requests=called.requests,
                    spend=called.cost,
                    unpriced_requests=called.unpriced_requests,
                )


def _differing(price: Price, other: Price) -> list[RateDifference]:
    """Return the kinds for which both have a rate of their own, and these differ by more than the tolerance."""
    found = []
    for kind, mine, theirs in zip(PLAIN, resolve_rates(price, 0), resolve_rates(other, 0), strict=False):
        if mine.rate is None or theirs.rate is None or mine.note or theirs.note:
            continue
        if abs(mine.rate - theirs.rate) > TOLERANCE * max(mine.rate, theirs.rate):
            found.append(RateDifference(kind, mine.rate, theirs.rate))
    return found
