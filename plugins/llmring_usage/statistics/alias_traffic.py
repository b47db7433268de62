"""The traffic of an alias, shown before it is changed: the contract `Traffic`, from hourly and daily sums."""

import functools
import logging
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

from psycopg.rows import class_row

from llmring_server.contracts import Price
from llmring_server.contracts.traffic import AliasTraffic, Alternative, ModelTraffic, TokenCounts
from llmring_server.database import Database
from llmring_server.http.errors import DATABASE_UNAVAILABLE
from llmring_usage.prices.book import PriceBook
from llmring_usage.pricing.aggregate import PriceTier, TierTerms, list_substitutions, provider_tier_terms, quote_tiers
from llmring_usage.pricing.calculators import EXACT
from llmring_usage.pricing.rates import thresholds_of
from llmring_usage.pricing.tokens import KINDS, RARE_KINDS
from llmring_usage.statistics.alias_sql import CALLS, AliasLine, range_params
from llmring_usage.tables.alias_hours import BY_LENGTH, BY_MODEL, BY_ORIGIN
from llmring_usage.tables.rollups import kind_sql

log = logging.getLogger(__name__)

SECONDS = 3.0
ORIGINS = 5
MODELS = 500


def named_sql(kind: LiteralString) -> LiteralString:
    """Return the SELECT of a kind's names since a day, the most frequent first."""
    condition, name = kind_sql(kind)
    return f"""
        SELECT NULL AS provider, {name} AS model, sum(requests)::bigint AS requests, sum(cost) AS cost,
            sum(unpriced_requests)::bigint AS unpriced_requests
        FROM usage_daily
        WHERE project_id = %(project)s AND {condition} AND day >= %(day)s
        GROUP BY 2
        HAVING sum(requests) <> 0
        ORDER BY requests DESC, model
        LIMIT %(limit)s
    """


class UsageTraffic:
    """The callers of an alias, and the cost of its calls with other models; see `Traffic`."""

    def __init__(self, database: Database, prices: PriceBook, terms_of: TierTerms, zone: ZoneInfo) -> None:
        self._database = database
        self._prices = prices
        self._terms_of = terms_of
        self._zone = zone

    async def of_alias(
        self, project: str, *, profile: str, alias: str, since: datetime, until: datetime, models: Sequence[str] = ()
    ) -> AliasTraffic | None:
        """Return an alias's calls, and their cost with other models."""
        prices = {model: self._price(project, model) for model in dict.fromkeys(models)}
        thresholds = thresholds_of([price for price in prices.values() if isinstance(price, Price)])
        params = {"project": project, "alias": alias, "profile": profile, **range_params(since, until, thresholds)}
        lines = await self._lines(params)
        if lines is None:
            return None
        tiers = [_price_tier(line) for line in lines if line.kind == BY_LENGTH]
        called = [_model_traffic(line) for line in lines if line.kind == BY_MODEL]
        return AliasTraffic(
            since=since,
            until=until,
            requests=sum(model.requests for model in called),
            cost=functools.reduce(EXACT.add, (model.cost for model in called), Decimal(0)),
            unpriced_requests=sum(model.unpriced_requests for model in called),
            tokens=_count_tokens(tiers),
            models=called,
            origins=[(line.origin, int(line.requests)) for line in lines if line.kind == BY_ORIGIN][:ORIGINS],
            alternatives=[self._alternative(model, price, tiers) for model, price in prices.items()],
            unit_requests=sum(int(line.unit_requests) for line in lines if line.kind == BY_MODEL),
        )

    async def models(self, project: str, since: datetime) -> Sequence[ModelTraffic]:
        """Return the models called since a time."""
        return await self._named(project, "model", since)

    async def providers(self, project: str, since: datetime) -> Sequence[str]:
        """Return the providers called since a time."""
        return [found.model for found in await self._named(project, "provider", since)]

    async def _named(self, project: str, kind: LiteralString, since: datetime) -> Sequence[ModelTraffic]:
        params = {"project": project, "day": since.astimezone(self._zone).date(), "limit": MODELS}
        return await self._database.rows(ModelTraffic, named_sql(kind), params)

    async def _lines(self, params: dict[str, Any]) -> list[AliasLine] | None:
        """Return the sums, or None if the database is up but takes too long."""
        try:
            async with (
                self._database.connection(SECONDS) as connection,
                connection.cursor(row_factory=class_row(AliasLine)) as cursor,
            ):
                await cursor.execute(CALLS, params)
                return await cursor.fetchall()
        except (*DATABASE_UNAVAILABLE, TimeoutError) as error:
            await self._database.ping()
            log.warning("calls of an alias are not summed within %g s (%s)", SECONDS, type(error).__name__)
            return None

    def _price(self, project: str, model: str) -> Price | str:
        provider, _, name = model.partition(":")
        return self._prices.current_price(project, provider, name)

    def _alternative(self, model: str, price: Price | str, tiers: Sequence[PriceTier]) -> Alternative:
        if isinstance(price, str):
            return Alternative(model=model, status=price)
        quoted = quote_tiers(tiers, price, self._terms_of)
        billed_as_provider = quoted.cost is not None and self._terms_of is provider_tier_terms
        notes = list_substitutions(tiers, price) if billed_as_provider else ()
        return Alternative(
            model=model,
            status="estimated" if notes else quoted.status,
            cost=quoted.cost,
            notes=notes,
            priced_as=price.priced_as,
            registry_version=price.registry_version,
        )


def _price_tier(line: AliasLine) -> PriceTier:
    return PriceTier(int(line.requests), line.tokens, line.prompt_over or 0, line.fresh_over or 0)


def _model_traffic(line: AliasLine) -> ModelTraffic:
    return ModelTraffic(line.provider, line.model or "", int(line.requests), line.cost, int(line.unpriced_requests))


def _count_tokens(tiers: Sequence[PriceTier]) -> TokenCounts:
    plain = {kind: sum(getattr(tier.tokens, kind) for tier in tiers) for kind in KINDS}
    rare = {kind: sum(getattr(tier.tokens.rare, kind) for tier in tiers) for kind in RARE_KINDS}
    return TokenCounts(**plain, **rare)
