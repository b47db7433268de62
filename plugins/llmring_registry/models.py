"""The structs of the registry, and the validation of provider files and the manifest. No I/O."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

MANIFEST = "manifest.json"
MAX_PROVIDERS = 200
PROVIDER = re.compile(r"[a-z0-9_-]{1,64}")
NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")


class InvalidFile(Exception):
    """A file is not valid for its path; the message has the reason."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """An upstream file as fetched: its bytes, its HTTP validators, and when upstream last confirmed it."""

    path: str
    body: bytes
    sha256: str
    etag: str | None = None
    last_modified: str | None = None
    fetched_at: datetime


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """The last valid copy: the current files by path, providers in order of composition.

    `failed` has the reason by path for each file that the last refresh did not get; `missing` are providers without
    any file. A `borrowed` copy is from another base URL, and is used until this one returns a provider.
    """

    files: Mapping[str, File]
    failed: Mapping[str, str] = {}
    missing: tuple[str, ...] = ()
    borrowed: bool = False

    @property
    def manifest(self) -> File | None:
        """The manifest, if there is one."""
        return self.files.get(MANIFEST)

    @property
    def providers(self) -> dict[str, File]:
        """Provider → its file."""
        return {path.partition("/")[0]: file for path, file in self.files.items() if path != MANIFEST}

    @property
    def fetched_at(self) -> datetime | None:
        """When upstream last confirmed the complete copy: the oldest of its providers' files."""
        return min((file.fetched_at for file in self.providers.values()), default=None)


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A decoded provider file: `version` is the provider's own, `models` are the entries as sent, by `provider:model`.

    `bare` are the keys that have no `provider:` in the file; exact keys take precedence.
    """

    name: str
    version: int
    updated_at: datetime | None
    models: Mapping[str, msgspec.Raw]
    bare: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """The provider's registry version, `openai.7`."""
        return f"{self.name}.{self.version}"


class _ProviderDocument(msgspec.Struct):
    models: dict[str, msgspec.Raw]
    provider: Any = None
    version: Any = None
    updated_at: Any = None
    extraction_date: Any = None


class _ManifestDocument(msgspec.Struct):
    providers: dict[str, Any]


_provider_decoder = msgspec.json.Decoder(_ProviderDocument)
_manifest_decoder = msgspec.json.Decoder(_ManifestDocument)


def is_provider(name: str) -> bool:
    """Whether a text is a valid provider name, in paths and keys."""
    return PROVIDER.fullmatch(name) is not None


def current_path(provider: str) -> str:
    """Return the path of a provider's current file."""
    return f"{provider}/models.json"


def archived_path(provider: str, number: str) -> str:
    """Return the path of a provider's archived file."""
    return f"{provider}/v/{number}/models.json"


def digest(body: bytes) -> str:
    """Return SHA-256 in hex."""
    return hashlib.sha256(body).hexdigest()


def validate_file(path: str, body: bytes) -> None:
    """Validate a body for its path.

    Raises:
        InvalidFile: not JSON, not the expected structure, or without models.
    """
    if path == MANIFEST:
        read_manifest(body)
    else:
        read_provider(path.partition("/")[0], body)


def read_manifest(body: bytes) -> tuple[str, ...]:
    """Return the providers listed in a manifest, in its order, without invalid names.

    Raises:
        InvalidFile: not JSON, or without `providers`.
    """
    names = _decode(_manifest_decoder, body).providers
    return tuple(name for name in names if is_provider(name))[:MAX_PROVIDERS]


def read_provider(name: str, body: bytes) -> Provider:
    """Decode a provider's file, but not its entries.

    Raises:
        InvalidFile: not JSON, not the expected structure, of another provider, or without models.
    """
    document = _decode(_provider_decoder, body)
    if not document.models:
        raise InvalidFile("it has no models")
    if document.provider not in (None, name):
        raise InvalidFile(f"it is the file of {document.provider!r}")
    prefix = f"{name}:"
    models = {key: entry for key, entry in document.models.items() if key.startswith(prefix)}
    bare = {prefix + key: entry for key, entry in document.models.items() if not key.startswith(prefix)}
    added = {key: entry for key, entry in bare.items() if key not in models}
    return Provider(
        name=name,
        version=_parse_version(document.version),
        updated_at=_latest_time([document.updated_at, document.extraction_date]),
        models={**models, **added},
        bare=frozenset(added),
    )


def _decode(decoder: "msgspec.json.Decoder[Any]", body: bytes) -> Any:
    try:
        body.decode()
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidFile(str(error)) from error


def _parse_version(value: object) -> int:
    """Return a provider's own version; 0 if the file has none."""
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _latest_time(values: Iterable[object]) -> datetime | None:
    """Return the latest valid time; one without a time zone is UTC."""
    found = []
    for value in values:
        try:
            time = datetime.fromisoformat(value) if isinstance(value, str) else None
            if time:
                found.append(time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC))
        except (ValueError, OverflowError):
            continue
    return max(found, default=None)
