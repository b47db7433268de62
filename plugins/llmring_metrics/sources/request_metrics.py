"""Metrics of HTTP requests."""

import time

import falcon
import falcon.asgi

from llmring_server.contracts.metrics import HistogramValue, Labels, Metric
from llmring_server.runtime.histogram import Histogram

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
UNMATCHED = "unmatched"
OTHER = "other"
METHODS = frozenset(falcon.HTTP_METHODS)


class RequestCounter:
    """The requests of one method, route and status, and the route's latencies, which are shared."""

    __slots__ = ("latency", "requests")

    def __init__(self, latency: Histogram) -> None:
        self.requests = 0
        self.latency = latency


class RequestMetrics:
    """Middleware that counts every request and measures the time to the start of its response.

    The route is the URI template, never a path; a request without a route is `unmatched`.
    """

    def __init__(self) -> None:
        self._latencies: dict[str, Histogram] = {}
        self._counters: dict[Labels, RequestCounter] = {}
        self._cache: dict[tuple[str | None, str, object], RequestCounter] = {}

    async def process_response(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, req_succeeded: bool
    ) -> None:
        """Count a request."""
        counter = self._cache.get((req.uri_template, req.method, resp.status)) or self._get_counter(req, resp)
        counter.requests += 1
        counter.latency.observe(time.perf_counter() - req.context.started)

    def figures(self) -> list[Metric]:
        """Return the metrics of requests."""
        return [
            Metric(
                name="llmring_http_requests_total",
                help="HTTP requests.",
                kind="counter",
                labels=("method", "route", "status"),
                read=self._requests,
            ),
            Metric(
                name="llmring_http_request_seconds",
                help="Seconds from a request to the start of its response.",
                kind="histogram",
                labels=("route",),
                read=self._latency,
            ),
        ]

    def _requests(self) -> dict[Labels, int]:
        return {labels: counter.requests for labels, counter in self._counters.items()}

    def _latency(self) -> dict[Labels, HistogramValue]:
        return {(route,): latency.read() for route, latency in self._latencies.items()}

    def _get_counter(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> RequestCounter:
        """Return the counter for a new combination; an unknown method is not cached."""
        known = req.method in METHODS
        route = req.uri_template or UNMATCHED
        labels = (req.method if known else OTHER, route, str(resp.status_code))
        latency = self._latencies.setdefault(route, Histogram(SECONDS))
        counter = self._counters.setdefault(labels, RequestCounter(latency))
        if known:
            self._cache[req.uri_template, req.method, resp.status] = counter
        return counter
