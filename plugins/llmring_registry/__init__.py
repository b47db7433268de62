"""The model registry: a durable copy of an upstream registry, served, mirrored, and kept in memory for pricing."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from llmring_registry.archive import ARCHIVE_CONCURRENT, Archive
from llmring_registry.catalog import Catalog
from llmring_registry.history_loader import HistoryLoader
from llmring_registry.registry import Registry
from llmring_registry.resources import Mirror, Models, Versions
from llmring_registry.settings import RegistrySettings
from llmring_registry.storage.last_valid import LastValidCopy
from llmring_registry.storage.store import RegistryStore
from llmring_registry.upstream.client import Upstream
from llmring_server import bundled
from llmring_server.contracts import PriceList
from llmring_server.contracts.metrics import Metric
from llmring_server.contracts.registry import ModelCatalog
from llmring_server.http.endpoints.health import HealthCheck
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.server import Server


@hookimpl
def llmring_settings() -> type[RegistrySettings]:
    """Read `[registry]` and `LLMRING_REGISTRY_*`."""
    return RegistrySettings


@hookimpl
def llmring_migrations() -> Path:
    """Create `registry_files`, `registry_contents` and `registry_versions`."""
    return bundled.migrations("registry")


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Provide the prices and the models; the registry and its archive are for this plugin's routes."""
    settings = server.plugin_settings(RegistrySettings)
    source = lambda: server.http, settings.base_url, settings.max_file_bytes
    upstream, archived = Upstream(*source), Upstream(*source, ARCHIVE_CONCURRENT)
    store = RegistryStore(server.database, upstream.source)
    registry = Registry(settings, upstream, LastValidCopy(store, server.cache, settings.providers))
    archive = Archive(registry, store, archived, settings.timeout_seconds)
    return {
        PriceList: registry,
        ModelCatalog: Catalog(registry, archive, store),
        Registry: registry,
        Archive: archive,
        HistoryLoader: HistoryLoader(registry.history, archive, store),
    }


@hookimpl
@asynccontextmanager
async def llmring_lifespan(server: Server) -> AsyncIterator[None]:
    """Load the last valid copy and refresh it in the background; load earlier versions when they are wanted."""
    async with server.service(Registry).running(), server.service(HistoryLoader).running():
        yield


@hookimpl
def llmring_health(server: Server) -> Iterable[HealthCheck]:
    """Fail without a copy; not critical, since the server works without one."""
    return [HealthCheck("registry", server.service(Registry).check, critical=False)]


@hookimpl
def llmring_metrics(server: Server) -> Iterable[Metric]:
    """Declare the age of the copy and its number of models; of several workers, the maximum."""
    registry = server.service(Registry)
    return [
        Metric(
            name="llmring_registry_age_seconds",
            help="Seconds since the source last confirmed the complete registry.",
            kind="gauge",
            aggregate="max",
            read=lambda: registry.age,
        ),
        Metric(
            name="llmring_registry_models",
            help="Models in the registry.",
            kind="gauge",
            aggregate="max",
            read=lambda: registry.model_count,
        ),
    ]


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve the composed registry, its archive, and the mirror of upstream's files."""
    registry, archive = server.service(Registry), server.service(Archive)
    seconds = server.plugin_settings(RegistrySettings).cache_seconds
    models, mirror = Models(registry, seconds), Mirror(registry, archive, seconds)
    return [
        Route(path="/registry", resource=models, public=True),
        Route(path="/registry.json", resource=models, public=True),
        Route(path="/registry/v/{version}/registry.json", resource=Versions(archive), public=True),
        Route(path="/registry/manifest.json", resource=mirror, suffix="manifest", public=True),
        Route(path="/registry/{provider}/models.json", resource=mirror, suffix="provider", public=True),
        Route(path="/registry/{provider}/v/{number}/models.json", resource=mirror, suffix="archived", public=True),
    ]
