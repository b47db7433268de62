"""The whole extension surface: every hook a plugin may implement, typed, with what it gives.

Set-up hooks are plain functions that return values and do no I/O; events are coroutines. Every hook runs in
the order of `plugins` in the conf file. Mark an implementation with `hookimpl`; `tryfirst`, `trylast`,
`wrapper` and `optionalhook` are refused, since the conf file alone decides the order.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import click
import pluggy

from llmring_server.contracts import RecordedUsage
from llmring_server.contracts.metrics import Metric
from llmring_server.http.endpoints.health import HealthCheck
from llmring_server.http.routing import Route
from llmring_server.plugins.context import ServerContext
from llmring_server.settings import PluginSettings

PROJECT = "llmring_server"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def llmring_settings() -> type[PluginSettings]:  # type: ignore[empty-body]
    """Return the settings model of this plugin.

    Its values come from the conf table of the plugin's name, overlaid by `LLMRING_<NAME>_<FIELD>`; read them with
    `server.plugin_settings(Model)`.
    """


@hookspec
def llmring_migrations() -> Path:  # type: ignore[empty-body]
    """Return the folder of this plugin's yoyo migrations.

    Each file is named `<plugin>-<number>-<what>.sql` and must be safe to run again. Unqualified names are created
    in the deployment's schema.
    """


@hookspec
def llmring_local_tables() -> Iterable[str]:  # type: ignore[empty-body]
    """Return the tables with a `project_id` that stay on the coordinator of a Citus cluster, undistributed.

    For queues that are read across projects, and for what is looked up before its project is known. Every other table
    with a `project_id` is spread by it, and those without one are local anyway.
    """


@hookspec
def llmring_services(server: ServerContext) -> Mapping[type, object]:  # type: ignore[empty-body]
    """Return the contracts that this plugin fulfils: contract → provider.

    Other plugins ask for them with `server.service(Contract)`. One provider a contract.
    """


@hookspec
def llmring_routes(server: ServerContext) -> Iterable[Route]:  # type: ignore[empty-body]
    """Return the routes of this plugin.

    Two routes with one normalised template stop the start, whoever owns them.
    """


@hookspec
def llmring_middleware(server: ServerContext) -> Iterable[object]:  # type: ignore[empty-body]
    """Return Falcon ASGI middleware objects; a request passes them in conf order, after the project key is known.

    One that may refuse a request by itself names the statuses in its attribute `statuses`, for `/openapi.json`.
    """


@hookspec
def llmring_health(server: ServerContext) -> Iterable[HealthCheck]:  # type: ignore[empty-body]
    """Return checks for `/health` and `/health/ready`; a failing critical one makes them answer 503."""


@hookspec
def llmring_metrics(server: ServerContext) -> Iterable[Metric]:  # type: ignore[empty-body]
    """Return figures of this plugin for whoever watches the server.

    It is called when the plugin `metrics` is enabled, and only then.
    """


@hookspec
def llmring_lifespan(server: ServerContext) -> AbstractAsyncContextManager[None]:  # type: ignore[empty-body]
    """Return a context manager that is entered when the server starts and left when it stops.

    The database is open inside it. Whatever was entered before a failing one is left again.
    """


@hookspec
def llmring_commands() -> Iterable[click.Command]:  # type: ignore[empty-body]
    """Return subcommands of `llmring-server`."""


@hookspec
async def llmring_usage_recorded(server: ServerContext, entries: Sequence[RecordedUsage]) -> None:
    """Hear of usage entries after their commit; best effort, a failure is logged and changes nothing."""
