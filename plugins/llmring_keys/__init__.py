"""Managed keys: projects with any number of keys, each with scopes and an end; without it any key names a project."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import click

from llmring_keys import commands
from llmring_keys.issuing import Issuer
from llmring_keys.recognition import ManagedKeys
from llmring_keys.resources import Keys
from llmring_keys.store import KeyStore
from llmring_server import bundled
from llmring_server.contracts import Authenticator, KeyStatus
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
    """Keep both local: a key is looked up by its hash, before its project is known."""
    return ["projects", "project_keys"]


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Say whose key a key is, in place of the host's plain keys."""
    managed = ManagedKeys(KeyStore(server.database, server.notifications), server.notifications, server.pepper)
    return {Authenticator: managed, KeyStatus: managed, ManagedKeys: managed}


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve the calls by which a project looks after its keys."""
    store = KeyStore(server.database, server.notifications)
    keys = Keys(store, Issuer(store, server.pepper))
    return [
        Route(path=PREFIX, resource=keys),
        Route(path=f"{PREFIX}/adopt", resource=keys, suffix="adoption"),
        Route(path=f"{PREFIX}/{{key_id}}", resource=keys, suffix="one"),
        Route(path=f"{PREFIX}/{{key_id}}/rotate", resource=keys, suffix="rotation"),
    ]


@hookimpl
def llmring_lifespan(server: Server) -> AbstractAsyncContextManager[None]:
    """Note last uses while the server runs."""
    return server.service(ManagedKeys).running()


@hookimpl
def llmring_commands() -> Iterable[click.Command]:
    """Add `llmring-server keys …`."""
    return [commands.keys]
