"""`GET /metrics`, protected by a token."""

import asyncio

import falcon.asgi

from llmring_metrics.exposition import Exposition
from llmring_metrics.metric_registry import MetricRegistry
from llmring_metrics.workers.groups import Workers
from llmring_server.http.errors import Unavailable
from llmring_server.http.middleware.bearer_token import BearerToken
from llmring_server.http.operations import operation


class Metrics:
    """`/metrics`: the metrics of all workers of this server."""

    def __init__(self, figures: MetricRegistry, workers: Workers, token: BearerToken) -> None:
        self._figures = figures
        self._workers = workers
        self._token = token

    @operation(answer=str, media="text/plain", errors=(401, 403))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Return the metrics of the whole server in the Prometheus text format, or OpenMetrics if accepted.

        Requires the token in `LLMRING_METRICS_TOKEN`; project keys are not accepted. Without a configured token the
        response is 403.
        """
        self._token.require(req)
        try:
            workers = await self._workers.read_all()
        except OSError as error:
            raise Unavailable(f"The metrics of this server's workers cannot be read: {error.strerror}.") from error
        exposition = Exposition(self._figures.all, workers)
        resp.data, resp.content_type = await asyncio.to_thread(exposition.render, req.get_header("Accept") or "")
        resp.set_header("Cache-Control", "no-store")
