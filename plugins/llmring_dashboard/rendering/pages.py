"""The description of a page: its name in the URL, its title in the navigation, and its routes."""

from collections.abc import Callable, Iterable

import msgspec

from llmring_dashboard.rendering.layout import Layout
from llmring_dashboard.session.sessions import PATH
from llmring_server.http.routing import Route
from llmring_server.server import Server


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the navigation, served at `/ui/<name>` and below.

    It is shown if plugins provide its `contract` and the one in `also_requires`, if any. Then `build_routes` builds its
    resources; it gets optional contracts from the server.
    """

    name: str
    title: str
    contract: type
    build_routes: Callable[[Server, Layout], Iterable[Route]]
    also_requires: type | None = None

    @property
    def path(self) -> str:
        """The path of the page."""
        return f"{PATH}/{self.name}"

    def is_available(self, server: Server) -> bool:
        """Whether enabled plugins provide the contracts that it needs."""
        needed = (self.contract, self.also_requires) if self.also_requires else (self.contract,)
        return all(server.service(contract, default=None) is not None for contract in needed)
