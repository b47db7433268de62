"""The hook specifications: every hook that a plugin may implement.

Set-up hooks are plain functions that return values and do no I/O, called in the order of `plugins` in the conf file.
Events are coroutine functions of `server` and `entries`, called concurrently with the requests; each listener has a
queue of its own. Mark an implementation with `hookimpl`; `tryfirst`, `trylast` and `wrapper` are rejected,
since only the conf file decides the order.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import click
import pluggy
import psycopg

from llmring_server.contracts import ArrivingUsage, LoggedUsage, RecordedUsage
from llmring_server.contracts.aliases import AliasResolution
from llmring_server.contracts.metrics import Metric
from llmring_server.contracts.usage_lines import CorrectedUsage, RepricedUsage
from llmring_server.http.endpoints.health import HealthCheck
from llmring_server.http.routing import Route
from llmring_server.plugins.context import ServerContext
from llmring_server.plugins.pages.page import ColumnLink, Page, Panel
from llmring_server.plugins.settings_model import PluginSettings

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

    Each file is named `<plugin>-<number>-<description>.sql` and must be safe to run again. Unqualified names are
    created in the deployment's schema.
    """


@hookspec
def llmring_local_tables() -> Iterable[str]:  # type: ignore[empty-body]
    """Return the tables with a `project_id` that stay on the coordinator of a Citus cluster, undistributed.

    For queues that are read across projects, and for lookups before the project is known. All other tables with a
    `project_id` are distributed by it; tables without one are always local.
    """


@hookspec
def llmring_hookspecs() -> object:
    """Return a module or object whose functions, marked with `hookspec`, are the hooks of this plugin for others.

    Their names begin with the plugin's. A coroutine function `(server, entries)` is an event, which this plugin
    publishes with `server.events.publish(name, entries)`; others are called with `server.call_hook(name, …)`.
    """


@hookspec
def llmring_services(server: ServerContext) -> Mapping[type, object]:  # type: ignore[empty-body]
    """Return the contracts that this plugin provides: contract → provider.

    Other plugins get them with `server.service(Contract)`, from `llmring_connect` on. Each contract has one provider.
    """


@hookspec
def llmring_connect(server: ServerContext) -> None:
    """Give this plugin's providers the services of other plugins that they use.

    Called once every plugin has returned its services, and before routes are built, so that the conf file may list the
    plugins in any order.
    """


@hookspec
def llmring_routes(server: ServerContext) -> Iterable[Route]:  # type: ignore[empty-body]
    """Return the routes of this plugin.

    Two routes with the same normalised template stop the start, also between plugins.
    """


@hookspec
def llmring_middleware(server: ServerContext) -> Iterable[object]:  # type: ignore[empty-body]
    """Return Falcon ASGI middleware objects; they are called in conf order, after authorization.

    Middleware that may answer a request lists the statuses in its attribute `statuses`, for `/openapi.json`.
    """


@hookspec
def llmring_health(server: ServerContext) -> Iterable[HealthCheck]:  # type: ignore[empty-body]
    """Return checks for `/health` and `/health/ready`; when a critical one fails, they return 503."""


@hookspec
def llmring_metrics(server: ServerContext) -> Iterable[Metric]:  # type: ignore[empty-body]
    """Return the metrics of this plugin.

    It is called only when the plugin `metrics` is enabled.
    """


@hookspec
def llmring_templates() -> Path:  # type: ignore[empty-body]
    """Return the folder of this plugin's Jinja templates, which pages and panels name as `<plugin>/<file>`.

    This and the following three hooks are called only when the plugin `dashboard` is enabled.
    """


@hookspec
def llmring_pages(server: ServerContext) -> Iterable[Page]:  # type: ignore[empty-body]
    """Return pages for the dashboard: in its frame and navigation, with its sessions and security headers."""


@hookspec
def llmring_panels(server: ServerContext) -> Iterable[Panel]:  # type: ignore[empty-body]
    """Return panels for the overview or the page of a call."""


@hookspec
def llmring_column_links(server: ServerContext) -> Iterable[ColumnLink]:  # type: ignore[empty-body]
    """Return links from the values of columns of calls; each column has one."""


@hookspec
def llmring_lifespan(server: ServerContext) -> AbstractAsyncContextManager[None]:  # type: ignore[empty-body]
    """Return a context manager that is entered when the server starts and exited when it stops.

    The database is open inside it. When one fails to enter, those entered before are exited.
    """


@hookspec
def llmring_commands() -> Iterable[click.Command]:  # type: ignore[empty-body]
    """Return subcommands of `llmring-server`."""


@hookspec
def llmring_usage_arriving(server: ServerContext, entry: ArrivingUsage) -> Mapping[str, str] | None:
    """Return tags to add to an entry, or raise a Problem to refuse it, before it is stored.

    A plain function, called on the event loop for every entry: it decides from memory, and must not wait.
    """


@hookspec
async def llmring_usage_storing(
    server: ServerContext, connection: psycopg.AsyncConnection[Any], entries: Sequence[LoggedUsage]
) -> None:
    """Write what must not be lost, in the transaction that stores the entries.

    An exception refuses the entries. A batch is then divided, so that it refuses those alone for which it is raised.
    """


@hookspec
def llmring_alias_resolving(server: ServerContext, resolution: AliasResolution) -> None:
    """Raise a Problem to refuse the resolution of an alias; a plain function, called on the event loop."""


@hookspec
async def llmring_usage_recorded(server: ServerContext, entries: Sequence[RecordedUsage]) -> None:
    """Called after usage entries are committed."""


@hookspec
async def llmring_usage_repriced(server: ServerContext, entries: Sequence[RepricedUsage]) -> None:
    """Called after the server has priced stored entries again."""


@hookspec
async def llmring_usage_corrected(server: ServerContext, entries: Sequence[CorrectedUsage]) -> None:
    """Called after stored entries were voided or corrected."""
