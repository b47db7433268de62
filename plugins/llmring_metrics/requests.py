"""Requests, counted as they are answered."""

import time

import falcon
import falcon.asgi

from llmring_server.contracts.figures import Distribution, Figure, Labels
from llmring_server.figures import Histogram

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
UNMATCHED = "unmatched"
OTHER = "other"
METHODS = frozenset(falcon.HTTP_METHODS)


class Tally:
    """Requests of one method, route and status, and the latencies of the route, which several share."""

    __slots__ = ("latency", "requests")

    def __init__(self, latency: Histogram) -> None:
        self.requests = 0
        self.latency = latency


class Requests:
    """Middleware: counts every request and how long it took until its answer began.

    The route is its template, never a path; a request that no route answers is `unmatched`.
    """

    def __init__(self) -> None:
        self._latencies: dict[str, Histogram] = {}
        self._tallies: dict[Labels, Tally] = {}
        self._seen: dict[tuple[str | None, str, object], Tally] = {}

    async def process_response(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, req_succeeded: bool
    ) -> None:
        """Count."""
        tally = self._seen.get((req.uri_template, req.method, resp.status)) or self._open(req, resp)
        tally.requests += 1
        tally.latency.observe(time.perf_counter() - req.context.started)

    def figures(self) -> list[Figure]:
        """Return the figures of requests."""
        return [
            Figure(
                name="llmring_http_requests_total",
                help="Requests answered.",
                kind="counter",
                labels=("method", "route", "status"),
                read=self._requests,
            ),
            Figure(
                name="llmring_http_request_seconds",
                help="Seconds from a request to the beginning of its answer.",
                kind="histogram",
                labels=("route",),
                read=self._latency,
            ),
        ]

    def _requests(self) -> dict[Labels, int]:
        return {labels: tally.requests for labels, tally in self._tallies.items()}

    def _latency(self) -> dict[Labels, Distribution]:
        return {(route,): latency.read() for route, latency in self._latencies.items()}

    def _open(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> Tally:
        """Return the tally of a request whose like has not been seen; a method of a client's making is not kept."""
        known = req.method in METHODS
        route = req.uri_template or UNMATCHED
        labels = (req.method if known else OTHER, route, str(resp.status_code))
        latency = self._latencies.setdefault(route, Histogram(SECONDS))
        tally = self._tallies.setdefault(labels, Tally(latency))
        if known:
            self._seen[req.uri_template, req.method, resp.status] = tally
        return tally
