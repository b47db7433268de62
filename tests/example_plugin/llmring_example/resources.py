"""Spending over HTTP."""

from decimal import Decimal

import falcon.asgi

from llmring_example.models import Spending
from llmring_example.store import SpendingStore
from llmring_server.plugin_api import operation


class Spendings:
    """`/api/v1/spending` of the calling project."""

    def __init__(self, store: SpendingStore, limit: Decimal) -> None:
        self._store = store
        self._limit = limit

    @operation(answer=Spending)
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> Spending:
        """Return what this project has spent so far."""
        spent = await self._store.get(req.context.project_id)
        return Spending(spent.calls, spent.cost, self._limit)


class LimitHeader:
    """Middleware: adds the limit as `X-Spending-Limit`."""

    def __init__(self, limit: Decimal) -> None:
        self._limit = str(limit)

    async def process_response(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, req_succeeded: bool
    ) -> None:
        """Add the header."""
        resp.set_header("X-Spending-Limit", self._limit)
