"""The description of a page of this package: its name in the URL, its title, its routes, and the contract it shows."""

from collections.abc import Callable, Iterable
from functools import partial

import msgspec

from llmring_dashboard.rendering.layout import Layout
from llmring_server.http.routing import Route
from llmring_server.plugins.pages.page import Page
from llmring_server.plugins.pages.visit import PATH
from llmring_server.server import Server


class FeaturePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page that is shown if plugins provide its `contract` and the one in `also_requires`, if any.

    Then `build_routes` builds its resources; it gets optional contracts from the server.
    """

    name: str
    title: str
    contract: type
    build_routes: Callable[[Server, Layout], Iterable[Route]]
    also_requires: type | None = None
    is_filtered: bool = False

    @property
    def path(self) -> str:
        """The path of the page."""
        return f"{PATH}/{self.name}"

    def is_available(self, server: Server) -> bool:
        """Whether enabled plugins provide the contracts that it needs."""
        needed = (self.contract, self.also_requires) if self.also_requires else (self.contract,)
        return all(server.service(contract, default=None) is not None for contract in needed)

    def build_page(self, server: Server) -> Page:
        """Return the page for the navigation."""
        routes = partial(self.build_routes, server)
        return Page(name=self.name, title=self.title, build_routes=routes, is_filtered=self.is_filtered)
