"""The client's lockfile: TOML as llmring 1.4.0 writes it, or its older JSON format; unknown fields are preserved."""

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
from llmring_aliases.lockfiles.bindings import BoundModels, LockfileError

DEFAULT_PROFILE = "default"
FORMAT_VERSION = "1.0"


class Lockfile:
    """A lockfile in memory; `replace` changes it, `write` saves it."""

    def __init__(self, path: Path, text: str | None) -> None:
        now = datetime.now(UTC).isoformat()
        self.path = path
        self._original = text
        self._json = path.suffix == ".json" if text is None else text.lstrip().startswith("{")
        self._text = text if text is not None else _new_document(now, as_json=self._json)
        self._data = _parse(path, self._text, as_json=self._json)

    @classmethod
    def read(cls, path: Path, *, missing: bool = False) -> "Lockfile":
        """Read a lockfile; with `missing`, start a new one if the file does not exist.

        Raises:
            LockfileError: the file does not exist or is not a lockfile.
        """
        return cls(path, None if missing and not path.exists() else _read_text(path))

    @property
    def default_profile(self) -> str:
        """The profile that the client uses by default."""
        return str(self._data.get("default_profile") or DEFAULT_PROFILE)

    def bindings(self, profile: str) -> dict[str, BoundModels]:
        """Return the bindings of a profile; none if it is not in the file.

        Raises:
            LockfileError: a binding has no model.
        """
        return bindings.read_bindings(self._data, profile)

    def replace(self, profile: str, wanted: Mapping[str, BoundModels]) -> None:
        """Replace the bindings of a profile; entries that already match are not changed."""
        now = datetime.now(UTC)
        changed = copy.deepcopy(self._data)
        bindings.replace_bindings(changed, profile, wanted, now)
        self._text = _json(changed) if self._json else self._edit_toml(profile, wanted, now, changed)
        self._data = changed

    def write(self) -> None:
        """Replace the file that was read, atomically.

        Raises:
            LockfileError: it cannot be written, or it was changed in the meantime.
        """
        target = self.path.resolve()
        if (_read_text(target) if target.exists() else None) != self._original:
            raise LockfileError(f"{self.path} was changed in the meantime. Run this command again.")
        try:
            _replace_file(target, self._text)
        except OSError as error:
            raise LockfileError(f"{self.path}: {error.strerror}") from error
        self._original = self._text

    def _edit_toml(self, profile: str, wanted: Mapping[str, BoundModels], now: datetime, changed: Any) -> str:
        """Edit the text and preserve its comments; if that does not yield `changed`, drop them."""
        try:
            document = tomlkit.parse(self._text)
            bindings.replace_bindings(document, profile, wanted, now)
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
        raise LockfileError(f"{path} is not a lockfile: {error}") from error
    if not isinstance(data, dict):
        raise LockfileError(f"{path} is not a lockfile.")
    return data


def _new_document(now: str, *, as_json: bool) -> str:
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


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise LockfileError(f"{path}: {reason}") from error


def _replace_file(target: Path, text: str) -> None:
    """Write a temporary file next to the target, sync it to disk, and rename it."""
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
