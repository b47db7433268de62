"""Aliases: names that point at models, by project and profile, in step across a fleet of services."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from llmring_aliases.resources import AliasBinding, Aliases, BulkUpsert, Resolution
from llmring_aliases.store import AliasStore
from llmring_server import paths
from llmring_server.hookspecs import hookimpl
from llmring_server.lifecycle import Server
from llmring_server.routing import Route

PREFIX = "/api/v1/aliases"


@hookimpl
def llmring_migrations() -> Path:
    """Create `aliases`."""
    return paths.migrations("aliases")


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Hold the one store of this server, for our own routes."""
    return {AliasStore: AliasStore(server.database)}


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve the alias calls of the contract."""
    store = server.service(AliasStore)
    return [
        Route(path=PREFIX, resource=Aliases(store)),
        Route(path=f"{PREFIX}/bind", resource=AliasBinding(store)),
        Route(path=f"{PREFIX}/resolve", resource=Resolution(store)),
        Route(path=f"{PREFIX}/bulk_upsert", resource=BulkUpsert(store), batch=True),
        Route(path=f"{PREFIX}/{{alias}}", resource=Aliases(store), suffix="one"),
    ]
