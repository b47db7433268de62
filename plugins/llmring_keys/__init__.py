"""Managed keys: several keys per project, with scopes and expiry. Without this plugin, any key names a project."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import click

from llmring_keys import commands
from llmring_keys.authentication import KeyAuthenticator
from llmring_keys.issuer import KeyIssuer
from llmring_keys.resources import KeyResource
from llmring_keys.store import KeyStore
from llmring_server import bundled
from llmring_server.contracts import Authenticator
from llmring_server.contracts.projects import ManagedProjects
from llmring_server.contracts.serving import KeyStatus, RecentKeys
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.server import Server

PREFIX = "/api/v1/keys"


@hookimpl
def llmring_migrations() -> Path:
    """Create `projects` and `project_keys`."""
    return bundled.migrations("keys")


@hookimpl
def llmring_local_tables() -> Iterable[str]:
    """Do not distribute either table: a key is looked up by its hash, before its project is known."""
    return ["projects", "project_keys"]


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Provide the authenticator, which replaces the host's plain keys, and the projects of managed keys."""
    store = KeyStore(server.database, server.notifications)
    authenticator = KeyAuthenticator(store, server.notifications, server.pepper)
    return {
        **dict.fromkeys((Authenticator, KeyStatus, RecentKeys, KeyAuthenticator), authenticator),
        ManagedProjects: store,
    }


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve the endpoints that manage the keys of a project."""
    store = KeyStore(server.database, server.notifications)
    keys = KeyResource(store, KeyIssuer(store, server.pepper, server.events))
    return [
        Route(path=PREFIX, resource=keys),
        Route(path=f"{PREFIX}/adopt", resource=keys, suffix="adoption"),
        Route(path=f"{PREFIX}/{{key_id}}", resource=keys, suffix="one"),
        Route(path=f"{PREFIX}/{{key_id}}/rotate", resource=keys, suffix="rotation"),
    ]


@hookimpl
def llmring_lifespan(server: Server) -> AbstractAsyncContextManager[None]:
    """Record when keys were last used while the server runs."""
    return server.service(KeyAuthenticator).running()


@hookimpl
def llmring_commands() -> Iterable[click.Command]:
    """Add `llmring-server keys …`."""
    return [commands.keys]
