"""The client's lockfile: TOML as llmring 1.4.0 writes it, or its older JSON form; what we do not know in it is kept."""

import copy
import json
import os
import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomlkit
import tomlkit.exceptions

from llmring_aliases.lockfiles import bindings
from llmring_aliases.lockfiles.bindings import LockfileError, Pool

DEFAULT_PROFILE = "default"
FORMAT_VERSION = "1.0"


class Lockfile:
    """One lockfile as it was read; `replace` changes it here, `write` on the disk."""

    def __init__(self, path: Path, text: str | None) -> None:
        now = datetime.now(UTC).isoformat()
        self.path = path
        self._read = text
        self._json = path.suffix == ".json" if text is None else text.lstrip().startswith("{")
        self._text = text if text is not None else _blank(now, as_json=self._json)
        self._data = _parse(path, self._text, as_json=self._json)

    @classmethod
    def read(cls, path: Path, *, missing: bool = False) -> "Lockfile":
        """Read a lockfile; with `missing`, one that is not there is a new one.

        Raises:
            LockfileError: it is not there, or is no lockfile.
        """
        return cls(path, None if missing and not path.exists() else _content(path))

    @property
    def default_profile(self) -> str:
        """The profile that the client uses when none is named."""
        return str(self._data.get("default_profile") or DEFAULT_PROFILE)

    def bindings(self, profile: str) -> dict[str, Pool]:
        """Return what a profile binds; one that is not in the file binds nothing.

        Raises:
            LockfileError: a binding has no model.
        """
        return bindings.read(self._data, profile)

    def replace(self, profile: str, wanted: Mapping[str, Pool]) -> None:
        """Make a profile bind exactly `wanted`; entries that are right already stay as they are."""
        now = datetime.now(UTC)
        changed = copy.deepcopy(self._data)
        bindings.replace(changed, profile, wanted, now)
        self._text = _json(changed) if self._json else self._toml(profile, wanted, now, changed)
        self._data = changed

    def write(self) -> None:
        """Put the file in place of the one that was read, at once or not at all.

        Raises:
            LockfileError: it cannot be written, or somebody has changed it meanwhile.
        """
        target = self.path.resolve()
        if (_content(target) if target.exists() else None) != self._read:
            raise LockfileError(f"{self.path} has changed meanwhile; nothing was written, run this again")
        try:
            _put(target, self._text)
        except OSError as error:
            raise LockfileError(f"{self.path}: {error.strerror}") from error
        self._read = self._text

    def _toml(self, profile: str, wanted: Mapping[str, Pool], now: datetime, changed: Any) -> str:
        """Change the text itself, comments and all; if that does not give `changed`, write that without comments."""
        try:
            document = tomlkit.parse(self._text)
            bindings.replace(document, profile, wanted, now)
            text = tomlkit.dumps(document)
            if tomllib.loads(text) == changed:
                return text
        except (tomlkit.exceptions.TOMLKitError, tomllib.TOMLDecodeError):
            pass
        return tomlkit.dumps(changed)


def _parse(path: Path, text: str, *, as_json: bool) -> Any:
    try:
        data = json.loads(text) if as_json else tomllib.loads(text)
    except ValueError as error:
        raise LockfileError(f"{path} is no lockfile: {error}") from error
    if not isinstance(data, dict):
        raise LockfileError(f"{path} is no lockfile")
    return data


def _blank(now: str, *, as_json: bool) -> str:
    data = {
        "version": FORMAT_VERSION,
        "created_at": now,
        "updated_at": now,
        "default_profile": DEFAULT_PROFILE,
        "metadata": {},
        "profiles": {},
    }
    return _json(data) if as_json else tomlkit.dumps(data)


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise LockfileError(f"{path}: {said}") from error


def _put(target: Path, text: str) -> None:
    """Write beside the target, and move it there once it is on the disk."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=target.parent, prefix=f".{target.name}.", delete=False
    ) as file:
        new = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, new)
            else:
                new.chmod(0o644)
            new.replace(target)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
