"""The contract of the model registry besides prices: its models, its versions, and the changes between two."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

import msgspec

from llmring_server.contracts import Price


class CatalogModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model as the registry describes it; `key` is `provider:model`.

    `active` is None where the registry has no such field; `deprecated` is the registry's date, unparsed. Limits are
    tokens. `capabilities` are the names of its `supports_…` fields, `aliases` the provider's other names for it.
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
        """Whether the registry marks it as deprecated or as no longer active."""
        return self.active is False or self.deprecated is not None


class RegistryModels(msgspec.Struct, frozen=True, kw_only=True):
    """Every model of the current copy, grouped by provider.

    `fetched_at` is when the source last confirmed the whole copy, UTC; `stale_seconds` is its age when that is above
    the limit; `missing` are providers without any copy.
    """

    version: str
    models: Sequence[CatalogModel]
    fetched_at: datetime | None
    stale_seconds: int | None = None
    missing: tuple[str, ...] = ()


class RegistryVersion(msgspec.Struct, frozen=True):
    """A version that can be compared: of the whole registry, or of one provider's file (`openai.7`).

    `known_at` is when this server first had it, UTC; None for a provider's file, which the source archives.
    """

    version: str
    provider: str | None
    known_at: datetime | None


class ModelChange(msgspec.Struct, frozen=True):
    """A model whose entry differs between two versions.

    `fields` are the changed fields, each with its JSON text before and after; None where it is absent.
    """

    before: CatalogModel
    after: CatalogModel
    fields: Sequence[tuple[str, str | None, str | None]]


class RegistryChanges(msgspec.Struct, frozen=True, kw_only=True):
    """The differences between two versions, each part sorted by key."""

    before: str
    after: str
    added: Sequence[CatalogModel]
    removed: Sequence[CatalogModel]
    changed: Sequence[ModelChange]


@runtime_checkable
class ModelCatalog(Protocol):
    """The models of the registry, for display."""

    async def models(self) -> RegistryModels:
        """Return every model of the current copy; without a copy, wait a limited time for the first one.

        Raises:
            Unavailable: there is still none; the message gives the reason.
        """
        ...

    async def find(self, provider: str, model: str) -> CatalogModel | None:
        """Return the model `provider:model`, matched by key or alias as in pricing, or None.

        Raises:
            Unavailable: there is no copy of the registry.
        """
        ...

    async def versions(self) -> Sequence[RegistryVersion]:
        """Return the versions that can be compared, newest first: of the whole registry, then of each provider.

        Raises:
            Unavailable: there is no copy of the registry.
        """
        ...

    async def changes(self, before: str, after: str) -> RegistryChanges:
        """Compare two versions; when one is a single provider's, only that provider's models are compared.

        Raises:
            Problem: 404 for an unknown version, 422 for two of different providers.
            Unavailable: an archived file is not stored here, and the source does not return it.
        """
        ...
