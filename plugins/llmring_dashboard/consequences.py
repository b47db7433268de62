"""What changing an alias would mean: who calls it, what other models would have cost, and what is known of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from llmring_server.contracts.registry import CatalogModel, ModelCatalog
from llmring_server.contracts.traffic import AliasTraffic, Alternative, Traffic
from llmring_server.errors import Unavailable

SPAN = timedelta(days=7)


class Prospect(msgspec.Struct, frozen=True, kw_only=True):
    """A model that an alias has or is to have.

    `listed` is what the registry says of it, None when it does not know it; `alternative` what the calls of the span
    would have cost with it, None where that is not known.
    """

    model: str
    new: bool
    listed: CatalogModel | None
    alternative: Alternative | None


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on a page of confirmation; a part is None where its feature is off, or `missing` says why."""

    prospects: Sequence[Prospect]
    traffic: AliasTraffic | None
    missing: Sequence[str]
    knows_models: bool

    def difference(self, prospect: Prospect) -> Decimal | None:
        """Return what a model would have cost more (or, below 0, less) than was logged; None when either is open."""
        if self.traffic is None or prospect.alternative is None or prospect.alternative.cost is None:
            return None
        return None if self.traffic.unpriced_requests else prospect.alternative.cost - self.traffic.cost


class Consequences:
    """Asks usage and the registry, each where it is enabled; neither being away keeps anybody from a change."""

    def __init__(self, traffic: Traffic | None, catalog: ModelCatalog | None) -> None:
        self._traffic = traffic
        self._catalog = catalog

    async def models(self) -> Sequence[str]:
        """Return the models to choose from, active ones only; none while there is no registry."""
        try:
            found = (await self._catalog.models()).models if self._catalog else ()
        except Unavailable:
            return []
        return [model.key for model in found if not model.outdated]

    async def outlook(self, project: str, profile: str, alias: str, now: str | None, then: str | None) -> Outlook:
        """Return what it would mean to bind an alias to `then` instead of `now`; None is unbound."""
        models = dict.fromkeys([*split(now), *split(then)])
        missing: list[str] = []
        traffic = await self._called(project, profile, alias, list(models), missing)
        listed, knows = await self._listed(list(models), missing)
        alternatives = {one.model: one for one in traffic.alternatives} if traffic else {}
        new = set(split(then)) - set(split(now))
        return Outlook(
            prospects=[
                Prospect(model=one, new=one in new, listed=listed.get(one), alternative=alternatives.get(one))
                for one in models
            ],
            traffic=traffic,
            missing=missing,
            knows_models=knows,
        )

    async def _called(
        self, project: str, profile: str, alias: str, models: Sequence[str], missing: list[str]
    ) -> AliasTraffic | None:
        if self._traffic is None:
            missing.append("The usage feature is off, so what calls this alias is not known.")
            return None
        until = datetime.now(UTC)
        found = await self._traffic.of_alias(
            project, profile=profile, alias=alias, since=until - SPAN, until=until, models=models
        )
        if found is None:
            missing.append("There are too many calls of the last 7 days to add them up now.")
        return found

    async def _listed(self, models: Sequence[str], missing: list[str]) -> tuple[dict[str, CatalogModel], bool]:
        if self._catalog is None:
            return {}, False
        try:
            found = {model: await self._catalog.find(*_named(model)) for model in models}
        except Unavailable as error:
            missing.append(f"What the registry says of these models is not known: {error.description}.")
            return {}, False
        return {model: one for model, one in found.items() if one is not None}, True


def split(model: str | None) -> list[str]:
    """Return the models of an alias, best first."""
    return [part.strip() for part in (model or "").split(",") if part.strip()]


def _named(model: str) -> tuple[str, str]:
    provider, _, name = model.partition(":")
    return provider, name
