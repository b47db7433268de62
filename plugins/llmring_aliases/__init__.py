"""Aliases: names for models per project and profile, consistent across all services."""

import functools
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import click

from llmring_aliases import commands
from llmring_aliases.api.aliases import AliasListResource, AliasResource, BindResource, ResolveResource
from llmring_aliases.api.bulk import BulkUpsertResource
from llmring_aliases.api.history import HistoryResource
from llmring_aliases.api.stream_limiter import StreamLimiter
from llmring_aliases.api.watch import WatchResource
from llmring_aliases.cache.feeds import Feeds
from llmring_aliases.cache.snapshots import SnapshotCache
from llmring_aliases.change_notices import ChangeNotifier
from llmring_aliases.resolution_checks import find_checks
from llmring_aliases.service import AliasService
from llmring_aliases.settings import AliasSettings
from llmring_aliases.tables.reader import AliasReader
from llmring_aliases.tables.retention import drop_expired_history
from llmring_aliases.tables.writer import AliasWriter
from llmring_server import bundled
from llmring_server.contracts import Authenticator
from llmring_server.contracts.aliases import AliasBook
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.plugins.settings_model import PluginSettings
from llmring_server.runtime.background import upkeep
from llmring_server.server import Server

PREFIX = "/api/v1/aliases"


@hookimpl
def llmring_settings() -> type[PluginSettings]:
    """Read `[aliases]`."""
    return AliasSettings


@hookimpl
def llmring_migrations() -> Path:
    """Create `aliases`, `alias_versions` and `alias_history`."""
    return bundled.migrations("aliases")


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Provide the alias service to other features, and the readers, writer and caches behind it."""
    reader, settings = AliasReader(server.database), server.plugin_settings(AliasSettings)
    snapshots = SnapshotCache(reader, server.notifications, settings.cached_aliases)
    feeds = Feeds(reader, server.notifications)
    server.on_shutdown(feeds.stop)
    writer = AliasWriter(server.database, ChangeNotifier(server.notifications, [snapshots, feeds]))
    return {
        AliasBook: AliasService(reader, writer),
        AliasReader: reader,
        SnapshotCache: snapshots,
        Feeds: feeds,
        AliasWriter: writer,
    }


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve the alias endpoints."""
    reader, snapshots, writer = server.service(AliasReader), server.service(SnapshotCache), server.service(AliasWriter)
    settings = server.plugin_settings(AliasSettings)
    limiter = StreamLimiter(settings.project_watchers, settings.watchers)
    authenticator = server.service(Authenticator, default=None)
    watch = WatchResource(server.service(Feeds), reader, limiter, authenticator, settings.heartbeat_seconds)
    return [
        Route(path=PREFIX, resource=AliasListResource(snapshots)),
        Route(path=f"{PREFIX}/bind", resource=BindResource(writer)),
        Route(path=f"{PREFIX}/resolve", resource=ResolveResource(snapshots, find_checks(server))),
        Route(path=f"{PREFIX}/bulk_upsert", resource=BulkUpsertResource(writer), batch=True),
        Route(path=f"{PREFIX}/history", resource=HistoryResource(reader)),
        Route(path=f"{PREFIX}/watch", resource=watch),
        Route(path=f"{PREFIX}/{{alias}}", resource=AliasResource(reader, writer), suffix="one"),
    ]


@hookimpl
def llmring_commands() -> Iterable[click.Command]:
    """Add `llmring-server aliases …`."""
    return [commands.aliases]


@hookimpl
@asynccontextmanager
async def llmring_lifespan(server: Server) -> AsyncIterator[None]:
    """Run the event feeds and drop expired history while the server runs."""
    days = server.plugin_settings(AliasSettings).retention_days
    expire = functools.partial(drop_expired_history, server.database, days)
    async with server.service(Feeds).running(), upkeep(expire, "aliases"):
        yield
