"""Usage as whoever changes an alias asks about it: the contract `Traffic`, over raw rows and the daily sums."""

import functools
import logging
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import msgspec
from psycopg.rows import class_row

from llmring_server.contracts import Price
from llmring_server.contracts.traffic import AliasTraffic, Alternative, ModelTraffic, TokenCounts
from llmring_server.database import Database
from llmring_server.errors import DATABASE_AWAY
from llmring_usage.bands import Band, BandTerms, quote_bands
from llmring_usage.pricing import EXACT
from llmring_usage.recording import Recorder
from llmring_usage.tokens import Tokens

log = logging.getLogger(__name__)

SECONDS = 3.0
ORIGINS = 5
MODELS = 500
BY_MODEL, BY_ORIGIN, BY_BAND = 3, 5, 6

# Calls of an alias three times over: by model, by origin, and by which of the thresholds they are above.
CALLS: LiteralString = """
    SELECT GROUPING(provider, origin, prompt_band) AS kind, provider, model, origin, prompt_band, fresh_band,
        count(*) AS requests,
        coalesce(sum(cost), 0) AS cost,
        count(*) FILTER (WHERE cost IS NULL) AS unpriced_requests,
        sum(fresh_tokens)::numeric AS fresh,
        sum(cache_read_tokens)::numeric AS cache_read,
        sum(cache_write_5m_tokens)::numeric AS cache_write_5m,
        sum(cache_write_1h_tokens)::numeric AS cache_write_1h,
        sum(cache_write_tokens)::numeric AS cache_write,
        sum(output_tokens)::numeric AS output,
        sum(reasoning_tokens)::numeric AS reasoning
    FROM (
        SELECT *,
            width_bucket(
                fresh_tokens::numeric + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens
                    + cache_write_tokens, %(bounds)s::numeric[]
            ) AS prompt_band,
            width_bucket(fresh_tokens::numeric, %(bounds)s::numeric[]) AS fresh_band
        FROM usage_logs
        WHERE project_id = %(project)s AND occurred_at >= %(since)s AND occurred_at < %(until)s
            AND alias = %(alias)s AND profile = %(profile)s
    ) AS calls
    GROUP BY GROUPING SETS ((provider, model), (origin), (prompt_band, fresh_band))
    ORDER BY kind, requests DESC, provider, model, origin
"""
NAMED: LiteralString = """
    SELECT NULL AS provider, name AS model, sum(requests)::bigint AS requests, sum(cost) AS cost,
        sum(unpriced_requests)::bigint AS unpriced_requests
    FROM usage_daily
    WHERE project_id = %(project)s AND kind = %(kind)s AND day >= %(day)s
    GROUP BY name
    ORDER BY requests DESC, name
    LIMIT %(limit)s
"""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that have something in common: a model, an origin, or a band, as `kind` says; sums of tokens are exact."""

    kind: int
    provider: str | None
    model: str | None
    origin: str | None
    prompt_band: int | None
    fresh_band: int | None
    requests: int
    cost: Decimal
    unpriced_requests: int
    fresh: Decimal
    cache_read: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_write: Decimal
    output: Decimal
    reasoning: Decimal

    @property
    def tokens(self) -> Tokens:
        """The sums by kind."""
        return Tokens(*(int(getattr(self, kind)) for kind in Tokens.__struct_fields__))


class UsageTraffic:
    """Who calls an alias and what other models would have cost; see `Traffic`."""

    def __init__(self, database: Database, recorder: Recorder, terms_of: BandTerms, zone: ZoneInfo) -> None:
        self._database = database
        self._recorder = recorder
        self._terms_of = terms_of
        self._zone = zone

    async def of_alias(
        self, project: str, *, profile: str, alias: str, since: datetime, until: datetime, models: Sequence[str] = ()
    ) -> AliasTraffic | None:
        """Return an alias's calls, and what other models would have cost."""
        prices = {model: self._price(model) for model in dict.fromkeys(models)}
        known = [price.long_context_threshold for price in prices.values() if isinstance(price, Price)]
        thresholds = sorted({threshold for threshold in known if threshold})
        lines = await self._lines(
            {
                "project": project,
                "alias": alias,
                "profile": profile,
                "since": since,
                "until": until,
                "bounds": [threshold + 1 for threshold in thresholds],
            }
        )
        if lines is None:
            return None
        bands = [_band(line, thresholds) for line in lines if line.kind == BY_BAND]
        called = [_called(line) for line in lines if line.kind == BY_MODEL]
        return AliasTraffic(
            since=since,
            until=until,
            requests=sum(model.requests for model in called),
            cost=functools.reduce(EXACT.add, (model.cost for model in called), Decimal(0)),
            unpriced_requests=sum(model.unpriced_requests for model in called),
            tokens=_counted(bands),
            models=called,
            origins=[(line.origin, line.requests) for line in lines if line.kind == BY_ORIGIN][:ORIGINS],
            alternatives=[self._alternative(model, price, bands) for model, price in prices.items()],
        )

    async def models(self, project: str, since: datetime) -> Sequence[ModelTraffic]:
        """Return the models called since a time."""
        return await self._named(project, "model", since)

    async def providers(self, project: str, since: datetime) -> Sequence[str]:
        """Return the providers called since a time."""
        return [found.model for found in await self._named(project, "provider", since)]

    async def _named(self, project: str, kind: str, since: datetime) -> Sequence[ModelTraffic]:
        day = since.astimezone(self._zone).date()
        params = {"project": project, "kind": kind, "day": day, "limit": MODELS}
        return await self._database.rows(ModelTraffic, NAMED, params)

    async def _lines(self, params: dict[str, Any]) -> list[Line] | None:
        """Return the sums, or None when they take too long while the database is there."""
        try:
            async with (
                self._database.connection(SECONDS) as connection,
                connection.cursor(row_factory=class_row(Line)) as cursor,
            ):
                await cursor.execute(CALLS, params)
                return await cursor.fetchall()
        except (*DATABASE_AWAY, TimeoutError) as error:
            await self._database.ping()
            log.warning("calls of an alias are not added up within %g s (%s)", SECONDS, type(error).__name__)
            return None

    def _price(self, model: str) -> Price | str:
        provider, _, name = model.partition(":")
        return self._recorder.price(provider, name)

    def _alternative(self, model: str, price: Price | str, bands: Sequence[Band]) -> Alternative:
        if isinstance(price, str):
            return Alternative(model=model, status=price)
        quoted = quote_bands(bands, price, self._terms_of)
        return Alternative(
            model=model,
            status=quoted.status,
            cost=quoted.cost,
            priced_as=price.priced_as,
            registry_version=price.registry_version,
        )


def _band(line: Line, thresholds: Sequence[int]) -> Band:
    above = (0, *thresholds)
    return Band(line.requests, line.tokens, above[line.prompt_band or 0], above[line.fresh_band or 0])


def _called(line: Line) -> ModelTraffic:
    return ModelTraffic(line.provider, line.model or "", line.requests, line.cost, line.unpriced_requests)


def _counted(bands: Sequence[Band]) -> TokenCounts:
    return TokenCounts(
        *(sum(getattr(band.tokens, kind) for band in bands) for kind in TokenCounts.__struct_fields__)
    )  # fmt: skip
