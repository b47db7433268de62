"""The dashboard: pages at `/ui` that show the data of the other features and work without JavaScript."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from llmring_dashboard.routes import PAGES, build_routes
from llmring_dashboard.session.sessions import Sessions
from llmring_dashboard.settings import DashboardSettings
from llmring_server import bundled
from llmring_server.contracts.serving import FrontPage
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.plugins.pages.page import Page
from llmring_server.plugins.pages.visit import PATH
from llmring_server.server import Server


@hookimpl
def llmring_settings() -> type[DashboardSettings]:
    """Read `[dashboard]`."""
    return DashboardSettings


@hookimpl
def llmring_migrations() -> Path:
    """Create `dashboard_secrets`."""
    return bundled.migrations("dashboard")


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Provide the sessions and the address of the front page."""
    own = server.plugin_settings(DashboardSettings)
    folder = server.settings.data_dir if server.settings.embedded else None
    sessions = Sessions(server.database, own, server.pepper, folder)
    return {Sessions: sessions, FrontPage: FrontPage(PATH)}


@hookimpl
def llmring_pages(server: Server) -> Iterable[Page]:
    """Show every page whose feature is enabled."""
    return [page.build_page(server) for page in PAGES if page.is_available(server)]


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve signing in and out, and every page whose feature is enabled."""
    return build_routes(server)


@hookimpl
def llmring_lifespan(server: Server) -> AbstractAsyncContextManager[None]:
    """Load the session secret."""
    return server.service(Sessions).running()
