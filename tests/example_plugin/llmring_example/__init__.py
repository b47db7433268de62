"""Spending: what each project has spent so far, updated from the usage that other plugins record."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from llmring_example.commands import spending
from llmring_example.resources import LimitHeader, Spendings
from llmring_example.settings import ExampleSettings
from llmring_example.store import SpendingStore
from llmring_server.plugin_api import PluginSettings, RecordedUsage, Route, ServerContext, hookimpl

requires = "api>=1,<2"


@hookimpl
def llmring_settings() -> type[PluginSettings]:
    """Read `[example]` and `LLMRING_EXAMPLE_*`."""
    return ExampleSettings


@hookimpl
def llmring_migrations() -> Path:
    """Create `example_spending`."""
    return Path(__file__).parent / "migrations"


@hookimpl
def llmring_services(server: ServerContext) -> Mapping[type, object]:
    """Provide the store to the route and the listener."""
    return {SpendingStore: SpendingStore(server.database)}


@hookimpl
def llmring_routes(server: ServerContext) -> Iterable[Route]:
    """Serve the spending of the calling project."""
    limit = server.plugin_settings(ExampleSettings).limit
    return [Route(path="/api/v1/spending", resource=Spendings(server.service(SpendingStore), limit))]


@hookimpl
def llmring_middleware(server: ServerContext) -> Iterable[object]:
    """Add the limit to every response."""
    return [LimitHeader(server.plugin_settings(ExampleSettings).limit)]


@hookimpl
async def llmring_usage_recorded(server: ServerContext, entries: Sequence[RecordedUsage]) -> None:
    """Add the recorded entries."""
    await server.service(SpendingStore).add(entries)


@hookimpl
def llmring_commands() -> Iterable[click.Command]:
    """Add `llmring-server spending`."""
    return [spending]
