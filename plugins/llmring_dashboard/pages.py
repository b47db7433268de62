"""What a page is: a name in the address, a title in the navigation, and the routes that serve it."""

from collections.abc import Callable, Iterable

import msgspec

from llmring_dashboard.frame import Frame
from llmring_dashboard.sessions import PATH
from llmring_server.lifecycle import Server
from llmring_server.routing import Route


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the navigation, served at `/ui/<name>` and below.

    It is shown where the contract that it `reads` is provided, and the one that it needs `also`, if any. `routes` is
    called then, with the frame that its resources stand in, to build them; what else a page can use it asks the server
    for.
    """

    name: str
    title: str
    reads: type
    routes: Callable[[Server, Frame], Iterable[Route]]
    also: type | None = None

    @property
    def path(self) -> str:
        """Where it is served."""
        return f"{PATH}/{self.name}"

    def shown(self, server: Server) -> bool:
        """Whether enabled plugins provide what it reads."""
        needed = (self.reads, self.also) if self.also else (self.reads,)
        return all(server.service(contract, default=None) is not None for contract in needed)
