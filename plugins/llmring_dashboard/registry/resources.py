"""The registry pages: search, comparison, changes between two versions, and models in use."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from llmring_dashboard.registry.models_in_use import ModelsInUse
from llmring_dashboard.rendering.layout import Layout
from llmring_dashboard.rendering.pages import FeaturePage
from llmring_server.contracts.aliases import AliasBook
from llmring_server.contracts.registry import CatalogModel, ModelCatalog, RegistryModels, RegistryVersion
from llmring_server.contracts.traffic import Traffic
from llmring_server.http.errors import Problem
from llmring_server.http.routing import Route
from llmring_server.plugins.pages.views import MAX_FORM_BYTES, view
from llmring_server.plugins.pages.visit import PATH, PageResource, TemplateResponse, Visit
from llmring_server.server import Server

REGISTRY = f"{PATH}/registry"
MAX_ROWS = 500
MAX_COMPARED = 6
RATES = (
    ("input", "Input"),
    ("cached_input", "Cached input"),
    ("cache_read", "Cache read"),
    ("cache_write_5m", "Cache write (5 min)"),
    ("cache_write_1h", "Cache write (1 h)"),
    ("output", "Output"),
    ("output_thinking", "Reasoning"),
    ("input_long_context", "Long-context input"),
    ("output_long_context", "Long-context output"),
)

Order = Literal["name", "input", "output"]


class RegistryPageQuery(msgspec.Struct, frozen=True):
    """Filters: `q` in a name, a provider, a capability, current or outdated; and the sort order."""

    q: str = ""
    provider: str = ""
    capability: str = ""
    status: Literal["", "current", "outdated"] = ""
    order: Order = "name"

    def matches(self, model: CatalogModel) -> bool:
        """Whether a model matches the filters."""
        names = (model.key, model.display_name or "", *model.aliases)
        return (
            any(self.q.casefold() in name.casefold() for name in names)
            and self.provider in ("", model.provider)
            and (not self.capability or self.capability in model.capabilities)
            and (not self.status or model.outdated == (self.status == "outdated"))
        )


class RegistryCompareQuery(msgspec.Struct, frozen=True):
    """The models to compare."""

    model: str | list[str] = msgspec.field(default_factory=list)

    @property
    def models(self) -> Sequence[str]:
        """The models in the order selected, without duplicates."""
        return list(dict.fromkeys([self.model] if isinstance(self.model, str) else self.model))


class RegistryChangesQuery(msgspec.Struct, frozen=True):
    """The two versions to compare."""

    before: str | None = None
    after: str | None = None


class Registry(PageResource):
    """`/ui/registry` and below."""

    def __init__(self, layout: Layout, catalog: ModelCatalog, in_use: ModelsInUse) -> None:
        super().__init__(layout)
        self._catalog = catalog
        self._in_use = in_use

    @view(query=RegistryPageQuery, errors=(503,))
    async def on_get(self, visit: Visit, query: RegistryPageQuery) -> TemplateResponse:
        """List the matching models with their prices."""
        registry = await self._catalog.models()
        found = _sort([model for model in registry.models if query.matches(model)], query.order)
        values = {"registry": registry, "query": query, "models": found[:MAX_ROWS], "found": len(found)}
        return TemplateResponse("registry/search.html", {**values, **_search_options(registry)})

    @view(query=RegistryCompareQuery, errors=(503,))
    async def on_get_compare(self, visit: Visit, query: RegistryCompareQuery) -> TemplateResponse:
        """Compare models side by side."""
        if len(query.models) > MAX_COMPARED:
            raise Problem.validation("query", "model", msg=f"must be at most {MAX_COMPARED} models")
        known = {model.key: model for model in (await self._catalog.models()).models}
        unknown = [name for name in query.models if name not in known]
        models = [known[name] for name in query.models if name in known]
        return TemplateResponse(
            "registry/compare.html", {"models": models, "unknown": unknown, "rates": RATES, "most": MAX_COMPARED}
        )

    @view(query=RegistryChangesQuery, errors=(422, 503))
    async def on_get_changes(self, visit: Visit, query: RegistryChangesQuery) -> TemplateResponse:
        """Show the changes between two versions."""
        versions = await self._catalog.versions()
        changes = None
        if query.before and query.after:
            changes = await self._catalog.changes(query.before, query.after)
        return TemplateResponse(
            "registry/changes.html",
            {"versions": versions, "selected": _default_versions(query, versions), "changes": changes},
        )

    @view(errors=(503,))
    async def on_get_use(self, visit: Visit) -> TemplateResponse:
        """List the models that the project uses, and which of them are deprecated or removed."""
        models = await self._in_use.load(visit.project_id)
        return TemplateResponse("registry/in_use.html", {
            "models": models[:MAX_ROWS], "number": len(models), "sources": self._in_use.source_names,
            "outdated": sum(one.listed is None or one.listed.outdated for one in models),
        })  # fmt: skip


def _sort(models: Sequence[CatalogModel], order: Order) -> Sequence[CatalogModel]:
    """Return models by name, or by price with unpriced ones last."""
    if order == "name":
        return sorted(models, key=lambda model: model.key)

    def rate(model: CatalogModel) -> tuple[bool, Decimal, str]:
        found = model.price.input if order == "input" else model.price.output
        return found is None, found or Decimal(0), model.key

    return sorted(models, key=rate)


def _default_versions(query: RegistryChangesQuery, versions: Sequence[RegistryVersion]) -> RegistryChangesQuery:
    """Return the versions to compare, by default the latest two."""
    composed = [one.version for one in versions if one.provider is None][:2]
    return RegistryChangesQuery(
        query.before or next(reversed(composed), None), query.after or next(iter(composed), None)
    )


def _search_options(registry: RegistryModels) -> dict[str, Sequence[str]]:
    """Return the options of the search form."""
    return {
        "providers": sorted({model.provider for model in registry.models}),
        "capabilities": sorted({name for model in registry.models for name in model.capabilities}),
    }


def _build_routes(server: Server, layout: Layout) -> Iterable[Route]:
    catalog = server.service(ModelCatalog)
    in_use = ModelsInUse(catalog, server.service(Traffic, default=None), server.service(AliasBook, default=None))
    registry = Registry(layout, catalog, in_use)
    suffixes = {
        REGISTRY: None,
        f"{REGISTRY}/compare": "compare",
        f"{REGISTRY}/changes": "changes",
        f"{REGISTRY}/in-use": "use",
    }
    return [
        Route(path=path, resource=registry, suffix=suffix, public=True, max_body=MAX_FORM_BYTES)
        for path, suffix in suffixes.items()
    ]


PAGE = FeaturePage(name="registry", title="Registry", contract=ModelCatalog, build_routes=_build_routes)
