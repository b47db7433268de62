"""Collection of the pages of all plugins, checked like routes."""

import re
from collections.abc import Iterator

import msgspec

from llmring_server.errors import StartupError
from llmring_server.http.routing import Route
from llmring_server.plugins.manager import Plugin
from llmring_server.plugins.pages.page import Page
from llmring_server.plugins.pages.views import MAX_FORM_BYTES, is_view
from llmring_server.plugins.pages.visit import Frame
from llmring_server.server import Server

NAME = re.compile(r"[a-z][a-z0-9-]*")
RESERVED = frozenset({"sign-in", "sign-out", "theme", "static"})


def collect_pages(server: Server) -> dict[str, tuple[Plugin, Page]]:
    """Return the pages by name with their plugins, in conf order.

    Raises:
        StartupError: a name is invalid or reserved, or two plugins have a page of the same name.
    """
    found: dict[str, tuple[Plugin, Page]] = {}
    for plugin, page in server.plugins.call_flat("llmring_pages", Page, server=server):
        if not NAME.fullmatch(page.name) or page.name in RESERVED:
            raise StartupError(
                f"{plugin}: the page name {page.name!r} is not possible; use lower-case letters, digits and hyphens, "
                f"and none of {', '.join(sorted(RESERVED))}"
            )
        other = found.setdefault(page.name, (plugin, page))
        if other[1] is not page:
            raise StartupError(f"{plugin} and {other[0]} have a page {page.name!r}; give one of them another name")
    return found


def build_routes(plugin: Plugin, page: Page, frame: Frame) -> Iterator[Route]:
    """Yield the routes of a page: they require a session instead of a key, and accept forms of a limited size.

    Raises:
        StartupError: one has a path outside the page's, or a responder that is not a view.
    """
    for route in page.build_routes(frame):
        if not re.fullmatch(re.escape(page.path) + r"([/.].*)?", route.path):
            raise StartupError(
                f"{plugin}: the route {route.path} of the page {page.name!r} must begin with {page.path}"
            )
        for method, responder in route.responders().items():
            if not is_view(responder):
                raise StartupError(
                    f"{plugin}: {method} {route.path} is not declared with @view, so anyone could call it"
                )
        yield msgspec.structs.replace(route, public=True, max_body=route.max_body or MAX_FORM_BYTES)
