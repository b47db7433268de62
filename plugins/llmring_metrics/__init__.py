"""Metrics of all features at `/metrics`, the same from every worker process of a server."""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from llmring_metrics.metric_registry import MetricRegistry
from llmring_metrics.resources import Metrics
from llmring_metrics.settings import MetricsSettings
from llmring_metrics.sources import listener_metrics, pool_metrics
from llmring_metrics.sources.label_sets import LabelSetLimiter
from llmring_metrics.sources.request_metrics import RequestMetrics
from llmring_metrics.sources.usage_metrics import UsageMetrics
from llmring_metrics.workers.groups import Workers, create_workers
from llmring_server.contracts import RecordedUsage
from llmring_server.contracts.metrics import Metric
from llmring_server.http.middleware.bearer_token import BearerToken
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.server import Server

log = logging.getLogger(__name__)


@hookimpl
def llmring_settings() -> type[MetricsSettings]:
    """Read `[metrics]`."""
    return MetricsSettings


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Provide the metrics of this process and the exchange between workers."""
    settings = server.plugin_settings(MetricsSettings)
    figures = MetricRegistry()
    workers = create_workers(settings.folder, figures)
    return {
        MetricRegistry: figures,
        RequestMetrics: RequestMetrics(),
        UsageMetrics: UsageMetrics(LabelSetLimiter(workers, settings.label_sets)),
        Workers: workers,
    }


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Register the metrics of all plugins, and serve them."""
    figures = server.service(MetricRegistry)
    for plugin, figure in server.plugins.call_flat("llmring_metrics", Metric, server=server):
        figures.add(plugin, figure)
    token = BearerToken(server.plugin_settings(MetricsSettings).token, "LLMRING_METRICS_TOKEN", "Metrics are")
    return [Route(path="/metrics", resource=Metrics(figures, server.service(Workers), token), public=True)]


@hookimpl
def llmring_middleware(server: Server) -> Iterable[object]:
    """Count requests."""
    return [server.service(RequestMetrics)]


@hookimpl
def llmring_metrics(server: Server) -> Iterable[Metric]:
    """Declare the metrics of requests, usage, the connection pool, listeners and workers."""
    return [
        *server.service(RequestMetrics).figures(),
        *server.service(UsageMetrics).figures(),
        *pool_metrics.build_pool_metrics(server.database),
        *listener_metrics.build_listener_metrics(server.events),
        Metric(name="llmring_workers", help="Worker processes.", kind="gauge", read=lambda: 1),
    ]


@hookimpl
@asynccontextmanager
async def llmring_lifespan(server: Server) -> AsyncIterator[None]:
    """Exchange metrics with the other workers while the server runs."""
    if server.plugin_settings(MetricsSettings).token is None:
        log.warning("/metrics is closed: LLMRING_METRICS_TOKEN is not set")
    async with server.service(Workers).running():
        yield


@hookimpl
async def llmring_usage_recorded(server: Server, entries: Sequence[RecordedUsage]) -> None:
    """Count committed usage."""
    await server.service(UsageMetrics).add(entries)
