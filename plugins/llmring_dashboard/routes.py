"""The pages of the dashboard and their routes."""

from collections.abc import Iterable

from llmring_dashboard.aliases import resources as aliases
from llmring_dashboard.extensions.collected import collect_extensions
from llmring_dashboard.extensions.pages import build_routes as build_page_routes
from llmring_dashboard.extensions.pages import collect_pages
from llmring_dashboard.receipts import receipts, statements
from llmring_dashboard.registry import resources as registry
from llmring_dashboard.rendering.layout import Layout, NavigationEntry
from llmring_dashboard.rendering.pages import FeaturePage
from llmring_dashboard.rendering.static_files import StaticFiles
from llmring_dashboard.session.sessions import Sessions
from llmring_dashboard.settings import DashboardSettings
from llmring_dashboard.sign_in.login_throttle import LoginThrottle
from llmring_dashboard.sign_in.resources import Home, SignIn, SignOut, Theme, UnknownPage
from llmring_dashboard.usage import logs, overview
from llmring_server.contracts.projects import ProjectNames
from llmring_server.contracts.serving import KeyStatus
from llmring_server.http.middleware.authentication import PlainKeys
from llmring_server.http.routing import Route
from llmring_server.plugins.pages.views import MAX_FORM_BYTES
from llmring_server.plugins.pages.visit import PATH
from llmring_server.server import Server

PAGES: tuple[FeaturePage, ...] = (
    overview.PAGE, logs.PAGE, aliases.PAGE, receipts.PAGE, statements.PAGE, registry.PAGE
)  # fmt: skip


def build_routes(server: Server) -> Iterable[Route]:
    """Return the routes of signing in and out, and of the pages of all plugins."""
    static, pages = StaticFiles(), collect_pages(server)
    layout = Layout(
        server.service(Sessions),
        server.service(KeyStatus, default=PlainKeys(server.pepper)),
        server.service(ProjectNames, default=None),
        [NavigationEntry(page.name, page.title, page.path, page.is_filtered) for _, page in pages.values()],
        static.url,
        collect_extensions(server),
    )
    throttle = LoginThrottle(server.cache, server.plugin_settings(DashboardSettings).sign_in_attempts)
    return [
        _route("", Home(layout)),
        _route("/sign-in", SignIn(layout, server.projects, throttle)),
        _route("/sign-out", SignOut(layout)),
        _route("/theme", Theme(layout)),
        _route("/static/{name}", static),
        _route("/{page:path}", UnknownPage(layout)),
        *(route for plugin, page in pages.values() for route in build_page_routes(plugin, page, layout)),
    ]


def _route(path: str, resource: object) -> Route:
    return Route(path=PATH + path, resource=resource, public=True, max_body=MAX_FORM_BYTES)
