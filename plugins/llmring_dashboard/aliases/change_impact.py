"""The impact of an alias change: recent usage, the cost with other models, and the models' registry status."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from llmring_dashboard.rendering.formatting import format_sentence
from llmring_server.contracts.registry import CatalogModel, ModelCatalog
from llmring_server.contracts.traffic import AliasTraffic, Alternative, Traffic
from llmring_server.http.errors import Unavailable

SPAN = timedelta(days=7)


class ModelOption(msgspec.Struct, frozen=True, kw_only=True):
    """A current or new model of an alias.

    `listed` is its registry entry, None if there is none; `alternative` is the cost of the recent calls with this
    model, None if unknown.
    """

    model: str
    new: bool
    listed: CatalogModel | None
    alternative: Alternative | None


class ImpactSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The data of a confirmation page; a field is None if its feature is off or `missing` has the reason."""

    options: Sequence[ModelOption]
    traffic: AliasTraffic | None
    missing: Sequence[str]
    knows_models: bool

    def difference(self, option: ModelOption) -> Decimal | None:
        """Return the cost with a model minus the actual cost (USD), None if one of them lacks a part of the calls."""
        if self.traffic is None or option.alternative is None or option.alternative.cost is None:
            return None
        incomplete = self.traffic.unpriced_requests or self.traffic.unit_requests
        return None if incomplete else option.alternative.cost - self.traffic.cost


class ChangeImpact:
    """Collects data from usage and the registry, where enabled; an outage of either does not block a change."""

    def __init__(self, traffic: Traffic | None, catalog: ModelCatalog | None) -> None:
        self._traffic = traffic
        self._catalog = catalog

    async def list_models(self) -> Sequence[str]:
        """Return the active models to choose from; none while the registry is unavailable."""
        try:
            found = (await self._catalog.models()).models if self._catalog else ()
        except Unavailable:
            return []
        return [model.key for model in found if not model.outdated]

    async def summarize(
        self, project: str, profile: str, alias: str, now: str | None, then: str | None
    ) -> ImpactSummary:
        """Return the impact of a change from `now` to `then`; None means unbound."""
        models = dict.fromkeys([*split_models(now), *split_models(then)])
        missing: list[str] = []
        traffic = await self._load_traffic(project, profile, alias, list(models), missing)
        listed, knows = await self._find_models(list(models), missing)
        alternatives = {one.model: one for one in traffic.alternatives} if traffic else {}
        new = set(split_models(then)) - set(split_models(now))
        return ImpactSummary(
            options=[
                ModelOption(model=one, new=one in new, listed=listed.get(one), alternative=alternatives.get(one))
                for one in models
            ],
            traffic=traffic,
            missing=missing,
            knows_models=knows,
        )

    async def _load_traffic(
        self, project: str, profile: str, alias: str, models: Sequence[str], missing: list[str]
    ) -> AliasTraffic | None:
        if self._traffic is None:
            missing.append("Usage is not enabled, so the calls of this alias are not known.")
            return None
        until = datetime.now(UTC)
        found = await self._traffic.of_alias(
            project, profile=profile, alias=alias, since=until - SPAN, until=until, models=models
        )
        if found is None:
            missing.append("There are too many calls in the last 7 days to total them now.")
        return found

    async def _find_models(self, models: Sequence[str], missing: list[str]) -> tuple[dict[str, CatalogModel], bool]:
        if self._catalog is None:
            return {}, False
        try:
            found = {model: await self._catalog.find(*_split_key(model)) for model in models}
        except Unavailable as error:
            missing.append(
                f"The registry status of these models is not known. {format_sentence(str(error.description))}"
            )
            return {}, False
        return {model: one for model, one in found.items() if one is not None}, True


def split_models(model: str | None) -> list[str]:
    """Return the models of a binding, preferred one first."""
    return [part.strip() for part in (model or "").split(",") if part.strip()]


def _split_key(model: str) -> tuple[str, str]:
    provider, _, name = model.partition(":")
    return provider, name
