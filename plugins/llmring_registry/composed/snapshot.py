"""A composed registry: version, body, filters and prices. Immutable, replaced as a whole."""

import functools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from llmring_registry.composed.model_descriptions import describe
from llmring_registry.composed.prices import PriceBook
from llmring_registry.models import File, Provider, current_path, digest, read_provider
from llmring_server.contracts.registry import CatalogModel
from llmring_server.http import codec

DIGEST_LENGTH = 8
LONGEST_VERSION = 512
MAX_FILTERED = 64
VERSION = re.compile(r"[a-z0-9_.-]{1,512}")
CAPABILITY = "supports_"

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Page(msgspec.Struct, frozen=True):
    """An encoded body with its strong ETag."""

    body: bytes
    etag: str


class RegistryProviderSummary(msgspec.Struct, frozen=True):
    """A provider in `/registry`: its own version and the contents of its file; `updated_at` is UTC."""

    version: int
    updated_at: datetime | None
    model_count: int
    file: str


class ComposedRegistry(msgspec.Struct, frozen=True):
    """The body of `/registry`: models by `provider:model`, each entry as returned by upstream.

    `generated_at` is the time of the newest provider file, so that it is the same on every replica.
    """

    version: str
    generated_at: datetime | None
    models: dict[str, Any]
    providers: dict[str, RegistryProviderSummary]


class UnknownName(Exception):
    """A filter has an unknown name; `field` is the parameter, the message lists the known ones."""

    def __init__(self, field: str, names: Iterable[str], known: Iterable[str]) -> None:
        self.field = field
        super().__init__(f"unknown: {', '.join(sorted(names))}; known: {', '.join(sorted(known))}")


class Snapshot:
    """A composed registry, immutable except for the cache of filtered bodies."""

    def __init__(self, version: str, providers: Sequence[Provider]) -> None:
        self.version = version
        self.prices = PriceBook(providers)
        self._providers = {provider.name: provider for provider in providers}
        self._entries = {
            key: msgspec.Raw(msgspec.json.format(entry, indent=-1))
            for provider in providers
            for key, entry in provider.models.items()
        }
        self._capabilities, self._capabilities_of = _collect_capabilities(self._entries)
        self._generated_at = max((p.updated_at for p in providers if p.updated_at), default=None)
        self._filtered: dict[tuple[frozenset[str], frozenset[str]], Page] = {}
        self.page = self._encode(self._entries, self._providers)

    @functools.cached_property
    def catalog(self) -> dict[str, CatalogModel]:
        """All models for display by key, created on first use."""
        return {
            key: describe(key, provider, self.prices.get(key), self._capabilities_of[key])
            for provider in self._providers.values()
            for key in provider.models
        }

    @property
    def providers(self) -> Collection[Provider]:
        """The decoded files of all providers."""
        return self._providers.values()

    @property
    def provider_versions(self) -> dict[str, int]:
        """Provider → its own version."""
        return {name: provider.version for name, provider in self._providers.items()}

    def entry(self, key: str) -> msgspec.Raw:
        """Return a model's entry as in the provider's file."""
        return self._entries[key]

    @property
    def model_count(self) -> int:
        """The number of models."""
        return len(self._entries)

    def filter(self, providers: Iterable[str], capabilities: Iterable[str]) -> Page:
        """Return the models of these providers (all if empty) that have all of these capabilities.

        Raises:
            UnknownName: an unknown provider or capability.
        """
        chosen = frozenset(providers)
        wanted = frozenset(name.removeprefix(CAPABILITY) for name in capabilities)
        if not chosen and not wanted:
            return self.page
        page = self._filtered.get((chosen, wanted))
        if page is None:
            page = self._filter_models(chosen, wanted)
            while len(self._filtered) >= MAX_FILTERED:
                del self._filtered[next(iter(self._filtered))]
            self._filtered[chosen, wanted] = page
        return page

    def _filter_models(self, chosen: frozenset[str], wanted: frozenset[str]) -> Page:
        if unknown := chosen - self._providers.keys():
            raise UnknownName("providers", unknown, self._providers)
        if unknown := wanted - self._capabilities:
            raise UnknownName("capabilities", unknown, self._capabilities)
        providers = {name: p for name, p in self._providers.items() if not chosen or name in chosen}
        keys = (
            key for provider in providers.values() for key in provider.models if wanted <= self._capabilities_of[key]
        )
        return self._encode({key: self._entries[key] for key in keys}, providers)

    def _encode(self, models: Mapping[str, msgspec.Raw], providers: Mapping[str, Provider]) -> Page:
        body = codec.encode(
            ComposedRegistry(
                version=self.version,
                generated_at=self._generated_at,
                models=dict(models),
                providers={name: _summarize_provider(provider) for name, provider in providers.items()},
            )
        )
        return Page(body, f'"{self.version}-{digest(body)[:DIGEST_LENGTH]}"')


def compose(files: Mapping[str, File]) -> Snapshot:
    """Compose provider → file into one registry; the same bytes in the same order always result in the same body.

    Raises:
        InvalidFile: a file is not a valid provider file.
    """
    providers = [read_provider(name, file.body) for name, file in files.items()]
    return Snapshot(build_version(providers, [file.sha256 for file in files.values()]), providers)


def build_version(providers: Sequence[Provider], digests: Sequence[str]) -> str:
    """Return `openai.7-anthropic.9-google.5-1a2b3c4d`: the providers' own versions and a digest of their bytes.

    With too many providers for an index or a path, the version has their number instead.
    """
    parts = "".join(f"{provider.name} {sha256}\n" for provider, sha256 in zip(providers, digests, strict=True))
    content = digest(parts.encode())
    version = "-".join([*(provider.label for provider in providers), content[:DIGEST_LENGTH]])
    return version if len(version) <= LONGEST_VERSION else f"{len(providers)}-providers-{content[:32]}"


def _summarize_provider(provider: Provider) -> RegistryProviderSummary:
    return RegistryProviderSummary(
        provider.version, provider.updated_at, len(provider.models), current_path(provider.name)
    )


def _collect_capabilities(entries: Mapping[str, msgspec.Raw]) -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    """Return all capabilities of all entries, and the capabilities by model."""
    known: set[str] = set()
    capabilities_of: dict[str, frozenset[str]] = {}
    for key, entry in entries.items():
        flags = _read_flags(entry)
        known.update(flags)
        capabilities_of[key] = frozenset(name for name, value in flags.items() if value)
    return frozenset(known), capabilities_of


def _read_flags(entry: msgspec.Raw) -> dict[str, bool]:
    """Return an entry's `supports_<x>` booleans; one that is not an object has none."""
    try:
        members = _members.decode(entry)
    except (msgspec.MsgspecError, RecursionError):
        return {}
    values = {name: bytes(raw) for name, raw in members.items() if name.startswith(CAPABILITY)}
    return {name.removeprefix(CAPABILITY): v == b"true" for name, v in values.items() if v in (b"true", b"false")}
