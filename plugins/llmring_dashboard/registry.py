"""The registry pages: search, comparison, changes between two versions, and models in use."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from llmring_dashboard.frame import Frame, Framed, Visit
from llmring_dashboard.models_in_use import ModelsInUse
from llmring_dashboard.pages import Page
from llmring_dashboard.sessions import PATH
from llmring_dashboard.views import MAX_FORM, View, view
from llmring_server.contracts.aliases import AliasBook
from llmring_server.contracts.registry import CatalogModel, ModelCatalog, RegistryModels, RegistryVersion
from llmring_server.contracts.traffic import Traffic
from llmring_server.errors import Problem
from llmring_server.lifecycle import Server
from llmring_server.routing import Route

REGISTRY = f"{PATH}/registry"
SHOWN = 500
COMPARED = 6
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


class Search(msgspec.Struct, frozen=True):
    """Filters: `q` in a name, a provider, a capability, current or outdated; and the sort order."""

    q: str = ""
    provider: str = ""
    capability: str = ""
    status: Literal["", "current", "outdated"] = ""
    order: Order = "name"

    def fits(self, model: CatalogModel) -> bool:
        """Whether a model matches the filters."""
        names = (model.key, model.display_name or "", *model.aliases)
        return (
            any(self.q.casefold() in name.casefold() for name in names)
            and self.provider in ("", model.provider)
            and (not self.capability or self.capability in model.capabilities)
            and (not self.status or model.outdated == (self.status == "outdated"))
        )


class Chosen(msgspec.Struct, frozen=True):
    """The models to compare."""

    model: str | list[str] = msgspec.field(default_factory=list)

    @property
    def models(self) -> Sequence[str]:
        """The models in the order selected, without duplicates."""
        return list(dict.fromkeys([self.model] if isinstance(self.model, str) else self.model))


class Two(msgspec.Struct, frozen=True):
    """The two versions to compare."""

    before: str | None = None
    after: str | None = None


class Registry(Framed):
    """`/ui/registry` and below."""

    def __init__(self, frame: Frame, catalog: ModelCatalog, in_use: ModelsInUse) -> None:
        super().__init__(frame)
        self._catalog = catalog
        self._in_use = in_use

    @view(query=Search, errors=(503,))
    async def on_get(self, visit: Visit, query: Search) -> View:
        """List the matching models with their prices."""
        registry = await self._catalog.models()
        found = _sorted([model for model in registry.models if query.fits(model)], query.order)
        values = {"registry": registry, "asked": query, "models": found[:SHOWN], "found": len(found)}
        return View("registry.html", {**values, **_choices(registry)})

    @view(query=Chosen, errors=(503,))
    async def on_get_compare(self, visit: Visit, query: Chosen) -> View:
        """Compare models side by side."""
        if len(query.models) > COMPARED:
            raise Problem.misfit("query", "model", msg=f"must be at most {COMPARED} models")
        known = {model.key: model for model in (await self._catalog.models()).models}
        unknown = [name for name in query.models if name not in known]
        models = [known[name] for name in query.models if name in known]
        return View("registry_compare.html", {"models": models, "unknown": unknown, "rates": RATES, "most": COMPARED})

    @view(query=Two, errors=(422, 503))
    async def on_get_changes(self, visit: Visit, query: Two) -> View:
        """Show the changes between two versions."""
        versions = await self._catalog.versions()
        changes = None
        if query.before and query.after:
            changes = await self._catalog.changes(query.before, query.after)
        return View(
            "registry_changes.html", {"versions": versions, "chosen": _chosen(query, versions), "changes": changes}
        )

    @view(errors=(503,))
    async def on_get_use(self, visit: Visit) -> View:
        """List the models that the project uses, and which of them are deprecated or removed."""
        models = await self._in_use.of(visit.project_id)
        return View("registry_use.html", {
            "models": models[:SHOWN], "number": len(models), "sources": self._in_use.sources,
            "worrying": sum(one.listed is None or one.listed.outdated for one in models),
        })  # fmt: skip


def _sorted(models: Sequence[CatalogModel], order: Order) -> Sequence[CatalogModel]:
    """Return models by name, or by price with unpriced ones last."""
    if order == "name":
        return sorted(models, key=lambda model: model.key)

    def rate(model: CatalogModel) -> tuple[bool, Decimal, str]:
        found = model.price.input if order == "input" else model.price.output
        return found is None, found or Decimal(0), model.key

    return sorted(models, key=rate)


def _chosen(asked: Two, versions: Sequence[RegistryVersion]) -> Two:
    """Return the versions to compare, by default the latest two."""
    composed = [one.version for one in versions if one.provider is None][:2]
    return Two(asked.before or next(reversed(composed), None), asked.after or next(iter(composed), None))


def _choices(registry: RegistryModels) -> dict[str, Sequence[str]]:
    """Return the options of the search form."""
    return {
        "providers": sorted({model.provider for model in registry.models}),
        "capabilities": sorted({name for model in registry.models for name in model.capabilities}),
    }


def _routes(server: Server, frame: Frame) -> Iterable[Route]:
    catalog = server.service(ModelCatalog)
    in_use = ModelsInUse(catalog, server.service(Traffic, default=None), server.service(AliasBook, default=None))
    registry = Registry(frame, catalog, in_use)
    templates = {
        REGISTRY: None,
        f"{REGISTRY}/compare": "compare",
        f"{REGISTRY}/changes": "changes",
        f"{REGISTRY}/in-use": "use",
    }
    return [
        Route(path=path, resource=registry, suffix=suffix, public=True, max_body=MAX_FORM)
        for path, suffix in templates.items()
    ]


PAGE = Page(name="registry", title="Registry", reads=ModelCatalog, routes=_routes)
