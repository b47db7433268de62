"""What a feature may ask of the registry besides prices: its models, its versions, and what changed between two."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

import msgspec

from llmring_server.contracts import Price


class CatalogModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model as the registry describes it; `key` is `provider:model`.

    `active` is None where the registry does not say; `deprecated` is the date it gives, as it spells it. Limits are
    tokens. `capabilities` are the names of what it `supports_`, `aliases` other names that the provider gives it.
    """

    key: str
    provider: str
    price: Price
    active: bool | None = None
    deprecated: str | None = None
    display_name: str | None = None
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    capabilities: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def outdated(self) -> bool:
        """Whether the registry says that it is deprecated, or active no more."""
        return self.active is False or self.deprecated is not None


class RegistryModels(msgspec.Struct, frozen=True, kw_only=True):
    """Every model of the current copy, by provider as composed.

    `fetched_at` is when the source last vouched for the whole copy, UTC; `stale_seconds` its age when that is more
    than it should be; `missing` are providers that no copy exists of.
    """

    version: str
    models: Sequence[CatalogModel]
    fetched_at: datetime | None
    stale_seconds: int | None = None
    missing: tuple[str, ...] = ()


class RegistryVersion(msgspec.Struct, frozen=True):
    """A version that can be compared: a composed registry, or one provider's file (`openai.7`).

    `known_at` is when it was composed here first, UTC; None for a provider's file, which the source archives.
    """

    version: str
    provider: str | None
    known_at: datetime | None


class ModelChange(msgspec.Struct, frozen=True):
    """A model whose entry differs between two versions.

    `fields` are the members that differ, each with its JSON text before and after; None where it is absent.
    """

    before: CatalogModel
    after: CatalogModel
    fields: Sequence[tuple[str, str | None, str | None]]


class RegistryChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between two versions, each part sorted by key."""

    before: str
    after: str
    added: Sequence[CatalogModel]
    removed: Sequence[CatalogModel]
    changed: Sequence[ModelChange]


@runtime_checkable
class ModelCatalog(Protocol):
    """The model registry as people look at it."""

    async def models(self) -> RegistryModels:
        """Return every model of the current copy; with no copy at all, wait a bounded time for a first one.

        Raises:
            Unavailable: there is still none; the message says why.
        """
        ...

    async def find(self, provider: str, model: str) -> CatalogModel | None:
        """Return the model that answers to `provider:model`, by its key or an alias, as pricing does; None for none.

        Raises:
            Unavailable: there is no copy of the registry.
        """
        ...

    async def versions(self) -> Sequence[RegistryVersion]:
        """Return the versions that can be compared, newest first: composed ones, then each provider's.

        Raises:
            Unavailable: there is no copy of the registry.
        """
        ...

    async def changes(self, before: str, after: str) -> RegistryChanges:
        """Compare two versions; where one is of one provider alone, only that provider's models are compared.

        Raises:
            Problem: 404 for a version that is not known, 422 for two of different providers.
            Unavailable: the source does not give an archived file that is not kept here.
        """
        ...
