"""The description of a page: its name in the URL, its title in the navigation, and its routes."""

from collections.abc import Callable, Iterable

import msgspec

from llmring_dashboard.frame import Frame
from llmring_dashboard.sessions import PATH
from llmring_server.lifecycle import Server
from llmring_server.routing import Route


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the navigation, served at `/ui/<name>` and below.

    It is shown if a plugin provides the contract in `reads`, and the one in `also`, if any. Then `routes` builds its
    resources; it gets optional contracts from the server.
    """

    name: str
    title: str
    reads: type
    routes: Callable[[Server, Frame], Iterable[Route]]
    also: type | None = None

    @property
    def path(self) -> str:
        """The path of the page."""
        return f"{PATH}/{self.name}"

    def shown(self, server: Server) -> bool:
        """Whether enabled plugins provide the contracts that it needs."""
        needed = (self.reads, self.also) if self.also else (self.reads,)
        return all(server.service(contract, default=None) is not None for contract in needed)
