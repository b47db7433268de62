"""Aliases: names that point at models, by project and profile, in step across a fleet of services."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import click

from llmring_aliases import commands
from llmring_aliases.api.aliases import AliasBinding, Aliases, AliasList, Resolution
from llmring_aliases.api.bulk import BulkUpsert
from llmring_aliases.api.history import History
from llmring_aliases.api.stream_limiter import Seats
from llmring_aliases.api.watch import Watch
from llmring_aliases.cache.feeds import Feeds
from llmring_aliases.cache.snapshots import Snapshots
from llmring_aliases.change_notices import Bulletin
from llmring_aliases.service import ProjectAliases
from llmring_aliases.settings import AliasSettings
from llmring_aliases.tables.reader import AliasStore
from llmring_aliases.tables.retention import old_changes
from llmring_aliases.tables.writer import Changes
from llmring_server import bundled
from llmring_server.cli.retention import drop_due
from llmring_server.contracts import Authenticator
from llmring_server.contracts.aliases import AliasBook
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.runtime.background import upkeep
from llmring_server.server import Server
from llmring_server.settings import PluginSettings

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
    """Offer the aliases to other features; hold our snapshots and feeds, and what keeps them in step with changes."""
    store, settings = AliasStore(server.database), server.plugin_settings(AliasSettings)
    snapshots = Snapshots(store, server.notifications, settings.cached_aliases)
    feeds = Feeds(store, server.notifications)
    server.on_shutdown(feeds.stop)
    changes = Changes(server.database, Bulletin(server.notifications, [snapshots, feeds]))
    return {
        AliasBook: ProjectAliases(store, changes),
        AliasStore: store,
        Snapshots: snapshots,
        Feeds: feeds,
        Changes: changes,
    }


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve the alias calls of the contract."""
    store, snapshots, changes = server.service(AliasStore), server.service(Snapshots), server.service(Changes)
    settings = server.plugin_settings(AliasSettings)
    seats = Seats(settings.project_watchers, settings.watchers)
    watch = Watch(
        server.service(Feeds), store, seats, server.service(Authenticator, default=None), settings.heartbeat_seconds
    )
    return [
        Route(path=PREFIX, resource=AliasList(snapshots)),
        Route(path=f"{PREFIX}/bind", resource=AliasBinding(changes)),
        Route(path=f"{PREFIX}/resolve", resource=Resolution(snapshots)),
        Route(path=f"{PREFIX}/bulk_upsert", resource=BulkUpsert(changes), batch=True),
        Route(path=f"{PREFIX}/history", resource=History(store)),
        Route(path=f"{PREFIX}/watch", resource=watch),
        Route(path=f"{PREFIX}/{{alias}}", resource=Aliases(snapshots, changes), suffix="one"),
    ]


@hookimpl
def llmring_commands() -> Iterable[click.Command]:
    """Add `llmring-server aliases …`."""
    return [commands.aliases]


@hookimpl
@asynccontextmanager
async def llmring_lifespan(server: Server) -> AsyncIterator[None]:
    """Feed those who watch, and drop what has outlived the retention, while the server runs."""
    old, days = old_changes(server.database), server.plugin_settings(AliasSettings).retention_days
    async with server.service(Feeds).running(), upkeep(lambda: drop_due(old, days), "aliases"):
        yield
