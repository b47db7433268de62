"""The contract `ModelCatalog`: models, versions and changes from the current copy, the archive and the store."""

from collections.abc import Sequence

from llmring_registry.archive import Archive
from llmring_registry.composed.model_descriptions import compare_entries
from llmring_registry.composed.snapshot import VERSION, Snapshot, compose
from llmring_registry.models import NUMBER, is_provider
from llmring_registry.registry import Registry
from llmring_registry.resources import wait_until_ready
from llmring_registry.storage.store import RegistryStore
from llmring_registry.upstream.client import UpstreamError
from llmring_server.contracts.registry import CatalogModel, RegistryChanges, RegistryModels, RegistryVersion
from llmring_server.http.errors import Problem, Unavailable

MAX_COMPOSED = 100
MAX_ARCHIVED = 50


class Catalog:
    """Models, versions and changes between versions; see `ModelCatalog`."""

    def __init__(self, registry: Registry, archive: Archive, store: RegistryStore) -> None:
        self._registry = registry
        self._archive = archive
        self._store = store

    async def models(self) -> RegistryModels:
        """Return all models of the current copy."""
        snapshot = self._registry.current() or await wait_until_ready(self._registry)
        copy = self._registry.copy
        return RegistryModels(
            version=snapshot.version,
            models=list(snapshot.catalog.values()),
            fetched_at=copy.fetched_at,
            stale_seconds=self._registry.stale_age(),
            missing=copy.missing,
        )

    async def find(self, provider: str, model: str) -> CatalogModel | None:
        """Return the model with a name or alias, or None."""
        snapshot = self._registry.current() or await wait_until_ready(self._registry)
        price = snapshot.prices.find(provider, model)
        return None if price is None else snapshot.catalog[price.priced_as]

    async def versions(self) -> Sequence[RegistryVersion]:
        """Return the versions to compare: composed versions, then each provider's latest files."""
        snapshot = self._registry.current() or await wait_until_ready(self._registry)
        composed = [
            RegistryVersion(one.version, None, one.known_at) for one in await self._store.composed(MAX_COMPOSED)
        ]
        return composed + [
            RegistryVersion(f"{name}.{number}", name, None)
            for name, newest in snapshot.provider_versions.items()
            for number in range(newest, max(0, newest - MAX_ARCHIVED), -1)
        ]

    async def changes(self, before: str, after: str) -> RegistryChanges:
        """Compare two versions."""
        old, new = await self._snapshot(before), await self._snapshot(after)
        common = _common_providers(old, new)
        was, now = (_models_of(snapshot, common) for snapshot in (old, new))
        changed = [
            compare_entries(was[key], old.entry(key), now[key], new.entry(key)) for key in sorted(was.keys() & now)
        ]
        return RegistryChanges(
            before=before,
            after=after,
            added=[now[key] for key in sorted(now.keys() - was)],
            removed=[was[key] for key in sorted(was.keys() - now)],
            changed=[change for change in changed if change is not None],
        )

    async def _snapshot(self, version: str) -> Snapshot:
        """Return a composed version, or a snapshot of one provider's file.

        Raises:
            Problem: 404 if there is no such version.
            Unavailable: a file that is not stored cannot be fetched.
        """
        current = self._registry.current()
        if current is not None and current.version == version:
            return current
        parts = await self._store.parts(version) if VERSION.fullmatch(version) else {}
        provider, _, number = version.rpartition(".")
        if not parts and is_provider(provider) and NUMBER.fullmatch(number):
            return await self._file(provider, number, current)
        if not parts:
            raise Problem(404, f"There is no registry version {version!r}.")
        return compose(parts)

    async def _file(self, provider: str, number: str, current: Snapshot | None) -> Snapshot:
        if current is not None and current.provider_versions.get(provider) == int(number):
            return compose({provider: self._registry.copy.providers[provider]})
        try:
            file = await self._archive.file(provider, number)
        except UpstreamError as error:
            raise Unavailable(
                f"The source does not return {provider}.{number} ({error}). Try again shortly."
            ) from error
        if file is None:
            raise Problem(404, f"The source has no version {number} of provider {provider!r}.")
        return compose({provider: file})


def _common_providers(old: Snapshot, new: Snapshot) -> frozenset[str]:
    """Return the providers to compare: all providers, or only the one if either snapshot has a single provider.

    Raises:
        Problem: 422 if the two have no provider in common.
    """
    names = frozenset(old.provider_versions), frozenset(new.provider_versions)
    common = names[0] & names[1]
    if not common:
        raise Problem.validation("query", "after", msg="must be a version of the same provider")
    return common if min(map(len, names)) == 1 else names[0] | names[1]


def _models_of(snapshot: Snapshot, providers: frozenset[str]) -> dict[str, CatalogModel]:
    return {key: model for key, model in snapshot.catalog.items() if model.provider in providers}
