"""`/prices`: which price a call gets, where sources differ, and a project's own prices."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import falcon.asgi
import msgspec

from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation
from llmring_usage.prices.book import PriceBook
from llmring_usage.prices.differences import PriceComparison, PriceDifference
from llmring_usage.prices.explain import PriceExplanation, explain_price, sample_tokens
from llmring_usage.prices.own.models import ID, OwnPrice, PriceOverride
from llmring_usage.prices.own.store import OverrideStore
from llmring_usage.prices.own.updates import PriceUpdates
from llmring_usage.prices.source import Lookup
from llmring_usage.pricing.rates import PLAIN
from llmring_usage.pricing.variants import variant_of
from llmring_usage.statistics.periods import parse_time


class PriceQuery(msgspec.Struct, frozen=True):
    """The call to explain: its model, when it happened (default: now), its prompt tokens and its conditions.

    `kinds` are further kinds of tokens that it has, separated by commas: `cache_read,cache_write_5m`.
    """

    provider: str
    model: str
    at: str | None = None
    prompt_tokens: int = 1
    kinds: str | None = None
    service_tier: str | None = None
    processing: str | None = None
    speed: str | None = None


class OverridesQuery(msgspec.Struct, frozen=True):
    """The list of own prices; with `history`, closed ones too."""

    history: bool = False


class PriceOverrideDetails(msgspec.Struct, frozen=True):
    """An own price in force, and the closed ones of its id, latest first."""

    current: OwnPrice
    history: list[OwnPrice]


class PriceOverrideDeleted(msgspec.Struct, frozen=True):
    """The response to a deletion."""

    deleted: bool


class PriceLookup:
    """`/prices`: the price of a call, and why."""

    def __init__(self, book: PriceBook, zone: ZoneInfo) -> None:
        self._book = book
        self._zone = zone

    @operation(query=PriceQuery, answer=PriceExplanation)
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: PriceQuery) -> PriceExplanation:
        """Which price a call would get, with every candidate and the reason for or against it."""
        kinds = tuple(kind.strip() for kind in (query.kinds or "").split(",") if kind.strip())
        unknown = sorted(set(kinds) - set(PLAIN))
        if unknown:
            raise Problem.validation("query", "kinds", msg=f"Unknown: {', '.join(unknown)}. Known: {', '.join(PLAIN)}.")
        if not query.provider or not query.model:
            missing = "model" if query.provider else "provider"
            raise Problem.validation("query", missing, msg="Must not be empty.")
        at = datetime.now(UTC) if not query.at else parse_time(query.at, "at", self._zone)
        variant = variant_of(query.service_tier, query.processing, query.speed)
        lookup = Lookup(req.context.project_id, query.provider, query.model, at, variant)
        return explain_price(self._book, lookup, sample_tokens(max(query.prompt_tokens, 0), 1, kinds))


class PriceDifferences:
    """`/prices/differences`: where sources disagree."""

    def __init__(self, comparison: PriceComparison) -> None:
        self._comparison = comparison

    @operation(answer=list[PriceDifference])
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> list[PriceDifference]:
        """The models that this project called in 30 days on which two sources differ by more than 1%, by spend."""
        return await self._comparison.differences(req.context.project_id)


class PriceOverrides:
    """`/prices/overrides`: a project's own prices."""

    def __init__(self, store: OverrideStore, updates: PriceUpdates) -> None:
        self._store = store
        self._updates = updates

    @operation(query=OverridesQuery, answer=list[OwnPrice])
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: OverridesQuery
    ) -> list[OwnPrice]:
        """List this project's own prices, latest first."""
        found = await self._store.history(req.context.project_id)
        return found if query.history else [price for price in found if price.closed_at is None]

    @operation(answer=PriceOverrideDetails, errors=(404,))
    async def on_get_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, price_id: str
    ) -> PriceOverrideDetails:
        """An own price, with its history."""
        found = await self._store.history(req.context.project_id, price_id) if ID.fullmatch(price_id) else []
        current = next((price for price in found if price.closed_at is None), None)
        if current is None:
            raise _unknown(price_id)
        return PriceOverrideDetails(current, [price for price in found if price.closed_at is not None])

    @operation(body=PriceOverride, answer=OwnPrice, errors=(409,), scope="admin")
    async def on_put_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, price_id: str, body: PriceOverride
    ) -> OwnPrice:
        """Set an own price. Every worker uses it within a second, also for calls that have no exact price yet."""
        project = req.context.project_id
        price = await self._store.put(project, price_id, body, req.context.key_id)
        await self._updates.reload(project)
        return price

    @operation(answer=PriceOverrideDeleted, errors=(404,), scope="admin")
    async def on_delete_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, price_id: str
    ) -> PriceOverrideDeleted:
        """Close an own price; it stays in the history, and calls that it priced keep their cost."""
        project, key_id = req.context.project_id, req.context.key_id
        if not (ID.fullmatch(price_id) and await self._store.delete(project, price_id, key_id)):
            raise _unknown(price_id)
        await self._updates.reload(project)
        return PriceOverrideDeleted(deleted=True)


def _unknown(price_id: str) -> Problem:
    return Problem(404, f"This project has no own price {price_id!r}.")
