"""The alias pages: the aliases of all profiles side by side, and the history of changes."""

import asyncio
from collections.abc import Iterable

import msgspec

from llmring_dashboard.aliases.change_impact import ChangeImpact
from llmring_dashboard.aliases.changes import ALIASES, BindAlias, ChangeNumber, EditAlias, UnbindAlias, UndoAliasChange
from llmring_dashboard.aliases.grid import build_grid
from llmring_dashboard.rendering.layout import Layout
from llmring_dashboard.rendering.pages import FeaturePage
from llmring_server.contracts.aliases import MAX_BINDINGS, AliasBook
from llmring_server.contracts.registry import ModelCatalog
from llmring_server.contracts.traffic import Traffic
from llmring_server.http.routing import Route
from llmring_server.plugins.pages.views import MAX_FORM_BYTES, view
from llmring_server.plugins.pages.visit import PageResource, TemplateResponse, Visit
from llmring_server.server import Server

HISTORY = f"{ALIASES}/history"
PAGE_SIZE = 50


class AliasGridQuery(msgspec.Struct, frozen=True):
    """Filters: `q` in the name or the model, one profile, only aliases that differ between profiles."""

    q: str = ""
    profile: str = ""
    different: bool = False


class AliasChangesQuery(msgspec.Struct, frozen=True):
    """Filters: an alias, a profile, changes numbered below `before`."""

    alias: str | None = None
    profile: str | None = None
    before: ChangeNumber | None = None


class Aliases(PageResource):
    """`/ui/aliases`."""

    def __init__(self, layout: Layout, book: AliasBook) -> None:
        super().__init__(layout)
        self._book = book

    @view(query=AliasGridQuery)
    async def on_get(self, visit: Visit, query: AliasGridQuery) -> TemplateResponse:
        """List the aliases of all profiles side by side."""
        bindings = await self._book.bindings(visit.project_id)
        if query.q and len(bindings) == MAX_BINDINGS:
            bindings = await self._book.bindings(visit.project_id, query.q)
        grid = await asyncio.to_thread(
            build_grid, bindings, query.q, profile=query.profile, only_different=query.different
        )
        return TemplateResponse("aliases/list.html", {
            "grid": grid, "query": query, "has_bindings": bool(bindings or query.q),
            "read": MAX_BINDINGS if len(bindings) == MAX_BINDINGS else None,
        })  # fmt: skip


class AliasHistory(PageResource):
    """`/ui/aliases/history`."""

    def __init__(self, layout: Layout, book: AliasBook) -> None:
        super().__init__(layout)
        self._book = book

    @view(query=AliasChangesQuery)
    async def on_get(self, visit: Visit, query: AliasChangesQuery) -> TemplateResponse:
        """List the changes of aliases, newest first."""
        page = await self._book.history(
            visit.project_id, profile=query.profile, alias=query.alias, before=query.before, limit=PAGE_SIZE
        )
        return TemplateResponse("aliases/history.html", {"page": page, "query": query})


def _build_routes(server: Server, layout: Layout) -> Iterable[Route]:
    book = server.service(AliasBook)
    traffic, catalog = server.service(Traffic, default=None), server.service(ModelCatalog, default=None)
    impact = ChangeImpact(traffic, catalog)
    resources: dict[str, PageResource] = {
        ALIASES: Aliases(layout, book),
        HISTORY: AliasHistory(layout, book),
        f"{ALIASES}/edit": EditAlias(layout, book, impact),
        f"{ALIASES}/bind": BindAlias(layout, book, impact),
        f"{ALIASES}/unbind": UnbindAlias(layout, book, impact),
        f"{ALIASES}/undo": UndoAliasChange(layout, book, impact),
    }
    return [
        Route(path=path, resource=resource, public=True, max_body=MAX_FORM_BYTES)
        for path, resource in resources.items()
    ]


PAGE = FeaturePage(name="aliases", title="Aliases", contract=AliasBook, build_routes=_build_routes)
