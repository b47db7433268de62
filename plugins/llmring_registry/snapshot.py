"""One composed registry: its version, its bytes, its filters and its prices; immutable, swapped as a whole."""

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from llmring_registry.descriptions import described
from llmring_registry.models import File, Provider, current_path, digest, read_provider
from llmring_registry.prices import PriceBook
from llmring_server import wire
from llmring_server.contracts.registry import CatalogModel

DIGEST_LENGTH = 8
LONGEST_VERSION = 512
MAX_FILTERED = 64
VERSION = re.compile(r"[a-z0-9_.-]{1,512}")
CAPABILITY = "supports_"

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Page(msgspec.Struct, frozen=True):
    """A body that is encoded already, with its strong ETag."""

    body: bytes
    etag: str


class ProviderSummary(msgspec.Struct, frozen=True):
    """What `/registry` says of a provider: its own version and what its file holds; `updated_at` is UTC."""

    version: int
    updated_at: datetime | None
    model_count: int
    file: str


class ComposedRegistry(msgspec.Struct, frozen=True):
    """The body of `/registry`: models by `provider:model`, each entry as upstream gives it.

    `generated_at` is when the newest of the providers' files was made, so that every replica says the same.
    """

    version: str
    generated_at: datetime | None
    models: dict[str, Any]
    providers: dict[str, ProviderSummary]


class Unknown(Exception):
    """A filter names what the registry does not have; `field` is the parameter, the message what would do."""

    def __init__(self, field: str, names: Iterable[str], known: Iterable[str]) -> None:
        self.field = field
        super().__init__(f"unknown: {', '.join(sorted(names))}; known: {', '.join(sorted(known))}")


class Snapshot:
    """A composed registry; nothing of it changes but the memory of filtered bodies."""

    def __init__(self, version: str, providers: Sequence[Provider]) -> None:
        self.version = version
        self.prices = PriceBook(providers)
        self._providers = {provider.name: provider for provider in providers}
        self._entries = {
            key: msgspec.Raw(msgspec.json.format(entry, indent=-1))
            for provider in providers
            for key, entry in provider.models.items()
        }
        self._capabilities, self._able = _capabilities(self._entries)
        self._generated_at = max((p.updated_at for p in providers if p.updated_at), default=None)
        self._filtered: dict[tuple[frozenset[str], frozenset[str]], Page] = {}
        self.page = self._encode(self._entries, self._providers)

    @functools.cached_property
    def catalog(self) -> dict[str, CatalogModel]:
        """Every model as people read it, by key; made on first use."""
        return {
            key: described(key, provider, self.prices.of(key), self._able[key])
            for provider in self._providers.values()
            for key in provider.models
        }

    @property
    def numbers(self) -> dict[str, int]:
        """Provider → its own version."""
        return {name: provider.version for name, provider in self._providers.items()}

    def entry(self, key: str) -> msgspec.Raw:
        """Return a model's entry as the provider gives it."""
        return self._entries[key]

    @property
    def models(self) -> int:
        """How many models there are."""
        return len(self._entries)

    def filtered(self, providers: Iterable[str], capabilities: Iterable[str]) -> Page:
        """Return the models of these providers (none named: of all) that have every one of these capabilities.

        Raises:
            Unknown: a provider or a capability that this registry does not know.
        """
        chosen = frozenset(providers)
        wanted = frozenset(name.removeprefix(CAPABILITY) for name in capabilities)
        if not chosen and not wanted:
            return self.page
        page = self._filtered.get((chosen, wanted))
        if page is None:
            page = self._filter(chosen, wanted)
            while len(self._filtered) >= MAX_FILTERED:
                del self._filtered[next(iter(self._filtered))]
            self._filtered[chosen, wanted] = page
        return page

    def _filter(self, chosen: frozenset[str], wanted: frozenset[str]) -> Page:
        if unknown := chosen - self._providers.keys():
            raise Unknown("providers", unknown, self._providers)
        if unknown := wanted - self._capabilities:
            raise Unknown("capabilities", unknown, self._capabilities)
        providers = {name: p for name, p in self._providers.items() if not chosen or name in chosen}
        keys = (key for provider in providers.values() for key in provider.models if wanted <= self._able[key])
        return self._encode({key: self._entries[key] for key in keys}, providers)

    def _encode(self, models: Mapping[str, msgspec.Raw], providers: Mapping[str, Provider]) -> Page:
        body = wire.encode(
            ComposedRegistry(
                version=self.version,
                generated_at=self._generated_at,
                models=dict(models),
                providers={name: _summary(provider) for name, provider in providers.items()},
            )
        )
        return Page(body, f'"{self.version}-{digest(body)[:DIGEST_LENGTH]}"')


def compose(files: Mapping[str, File]) -> Snapshot:
    """Compose provider → file into one registry; the same bytes in the same order always give the same body.

    Raises:
        Malformed: a file is no provider's file.
    """
    providers = [read_provider(name, file.body) for name, file in files.items()]
    return Snapshot(version_of(providers, [file.sha256 for file in files.values()]), providers)


def version_of(providers: Sequence[Provider], digests: Sequence[str]) -> str:
    """Return `openai.7-anthropic.9-google.5-1a2b3c4d`: the providers' own versions and a digest of their bytes.

    With so many providers that this would not fit an index or a path, their number stands for them.
    """
    parts = "".join(f"{provider.name} {sha256}\n" for provider, sha256 in zip(providers, digests, strict=True))
    content = digest(parts.encode())
    version = "-".join([*(provider.label for provider in providers), content[:DIGEST_LENGTH]])
    return version if len(version) <= LONGEST_VERSION else f"{len(providers)}-providers-{content[:32]}"


def _summary(provider: Provider) -> ProviderSummary:
    return ProviderSummary(provider.version, provider.updated_at, len(provider.models), current_path(provider.name))


def _capabilities(entries: Mapping[str, msgspec.Raw]) -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    """Return every capability that any entry speaks of, and by model those it has."""
    known: set[str] = set()
    able: dict[str, frozenset[str]] = {}
    for key, entry in entries.items():
        flags = _flags(entry)
        known.update(flags)
        able[key] = frozenset(name for name, value in flags.items() if value)
    return frozenset(known), able


def _flags(entry: msgspec.Raw) -> dict[str, bool]:
    """Return an entry's `supports_<x>` booleans; an entry that is no object has none."""
    try:
        members = _members.decode(entry)
    except (msgspec.MsgspecError, RecursionError):
        return {}
    values = {name: bytes(raw) for name, raw in members.items() if name.startswith(CAPABILITY)}
    return {name.removeprefix(CAPABILITY): v == b"true" for name, v in values.items() if v in (b"true", b"false")}
