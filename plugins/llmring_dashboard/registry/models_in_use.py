"""The models that a project's calls and aliases use, and their status in the registry."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from llmring_dashboard.aliases.change_impact import split_models
from llmring_server.contracts.aliases import AliasBook, BoundAlias
from llmring_server.contracts.registry import CatalogModel, ModelCatalog
from llmring_server.contracts.traffic import ModelTraffic, Traffic

SPAN = timedelta(days=30)


class ModelInUse(msgspec.Struct, kw_only=True):
    """A model by the name in use; `listed` is its registry entry, None if there is none.

    `cost` is the cost in USD of its calls within `SPAN`, without the unpriced ones.
    """

    name: str
    listed: CatalogModel | None
    requests: int = 0
    cost: Decimal = Decimal(0)
    unpriced_requests: int = 0
    aliases: list[BoundAlias] = msgspec.field(default_factory=list)

    @property
    def sort_key(self) -> tuple[int, int, str]:
        """The sort key: missing models first, then outdated ones, then by requests."""
        rank = 0 if self.listed is None else 1 if self.listed.outdated else 2
        return rank, -self.requests, self.name


class ModelsInUse:
    """Collects models from usage and aliases, where enabled, and looks them up in the registry."""

    def __init__(self, catalog: ModelCatalog, traffic: Traffic | None, book: AliasBook | None) -> None:
        self._catalog = catalog
        self._traffic = traffic
        self._book = book

    @property
    def source_names(self) -> Sequence[str]:
        """Return the names of the sources."""
        sources = (("the last 30 days' calls", self._traffic), ("aliases", self._book))
        return [name for name, feature in sources if feature is not None]

    async def load(self, project: str) -> Sequence[ModelInUse]:
        """Return the models that a project uses, those that need attention first.

        Raises:
            Unavailable: the registry is unavailable.
        """
        found: dict[str, ModelInUse] = {}
        if self._traffic is not None:
            since = datetime.now(UTC) - SPAN
            providers = await self._traffic.providers(project, since)
            for called in await self._traffic.models(project, since):
                one = await self._resolve(called, providers)
                found[one.name] = one
        for bound in await self._book.bindings(project) if self._book is not None else ():
            for model in split_models(bound.model):
                if model not in found:
                    provider, _, name = model.partition(":")
                    found[model] = ModelInUse(name=model, listed=await self._catalog.find(provider, name))
                found[model].aliases.append(bound)
        return sorted(found.values(), key=lambda one: one.sort_key)

    async def _resolve(self, called: ModelTraffic, providers: Sequence[str]) -> ModelInUse:
        """Return a called model under the first provider that lists it: totals by model have no provider."""
        for provider in providers:
            listed = await self._catalog.find(provider, called.model)
            if listed is not None:
                return _from_traffic(f"{provider}:{called.model}", listed, called)
        return _from_traffic(f"{providers[0]}:{called.model}" if len(providers) == 1 else called.model, None, called)


def _from_traffic(name: str, listed: CatalogModel | None, called: ModelTraffic) -> ModelInUse:
    return ModelInUse(
        name=name, listed=listed, requests=called.requests, cost=called.cost, unpriced_requests=called.unpriced_requests
    )
