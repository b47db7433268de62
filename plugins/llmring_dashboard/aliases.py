"""The alias pages: the aliases of all profiles side by side, and the history of changes."""

import asyncio
from collections.abc import Iterable

import msgspec

from llmring_dashboard.alias_changes import ALIASES, Bind, Edit, Number, Unbind, Undo
from llmring_dashboard.consequences import Consequences
from llmring_dashboard.frame import Frame, Framed, Visit
from llmring_dashboard.grid import grid_of
from llmring_dashboard.pages import Page
from llmring_dashboard.views import MAX_FORM, View, view
from llmring_server.contracts.aliases import AliasBook
from llmring_server.contracts.registry import ModelCatalog
from llmring_server.contracts.traffic import Traffic
from llmring_server.lifecycle import Server
from llmring_server.routing import Route

HISTORY = f"{ALIASES}/history"
CHANGES = 50


class Shown(msgspec.Struct, frozen=True):
    """Filters: `q` in the name or the model, one profile, only aliases that differ between profiles."""

    q: str = ""
    profile: str = ""
    different: bool = False


class Told(msgspec.Struct, frozen=True):
    """Filters: an alias, a profile, changes numbered below `before`."""

    alias: str | None = None
    profile: str | None = None
    before: Number | None = None


class Aliases(Framed):
    """`/ui/aliases`."""

    def __init__(self, frame: Frame, book: AliasBook) -> None:
        super().__init__(frame)
        self._book = book

    @view(query=Shown)
    async def on_get(self, visit: Visit, query: Shown) -> View:
        """List the aliases of all profiles side by side."""
        bindings = await self._book.bindings(visit.project_id)
        grid = await asyncio.to_thread(
            grid_of, bindings, query.q, profile=query.profile, only_different=query.different
        )
        return View("aliases.html", {"grid": grid, "asked": query, "any": bool(bindings)})


class AliasHistory(Framed):
    """`/ui/aliases/history`."""

    def __init__(self, frame: Frame, book: AliasBook) -> None:
        super().__init__(frame)
        self._book = book

    @view(query=Told)
    async def on_get(self, visit: Visit, query: Told) -> View:
        """List the changes of aliases, newest first."""
        page = await self._book.history(
            visit.project_id, profile=query.profile, alias=query.alias, before=query.before, limit=CHANGES
        )
        return View("alias_history.html", {"page": page, "asked": query})


def _routes(server: Server, frame: Frame) -> Iterable[Route]:
    book = server.service(AliasBook)
    traffic, catalog = server.service(Traffic, default=None), server.service(ModelCatalog, default=None)
    consequences = Consequences(traffic, catalog)
    resources: dict[str, Framed] = {
        ALIASES: Aliases(frame, book),
        HISTORY: AliasHistory(frame, book),
        f"{ALIASES}/edit": Edit(frame, book, consequences),
        f"{ALIASES}/bind": Bind(frame, book, consequences),
        f"{ALIASES}/unbind": Unbind(frame, book, consequences),
        f"{ALIASES}/undo": Undo(frame, book, consequences),
    }
    return [Route(path=path, resource=one, public=True, max_body=MAX_FORM) for path, one in resources.items()]


PAGE = Page(name="aliases", title="Aliases", reads=AliasBook, routes=_routes)
