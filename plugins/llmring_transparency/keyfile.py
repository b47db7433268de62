"""The checkpoint key: read from the settings, and files that only their owner reads."""

import os
import stat
from pathlib import Path

from llmring_server.http.errors import StartupError
from llmring_server.tlog.notes import InvalidNote, KeyType
from llmring_server.tlog.signers import Signer
from llmring_transparency.settings import TransparencySettings

PREFIX = "LLMRING_TRANSPARENCY_"
MAX_BYTES = 4096


def read_signer(settings: TransparencySettings) -> Signer | None:
    """Return the configured checkpoint key, or None when there is none. Reads the file.

    Raises:
        StartupError: it is no key of a log, two are given, or others can read the file; its content is never shown.
    """
    if settings.key and settings.key_file:
        raise StartupError(f"{PREFIX}KEY and {PREFIX}KEY_FILE are both set; keep one")
    if settings.key:
        return parse(settings.key.get_secret_value(), f"{PREFIX}KEY", KeyType.NOTE)
    return read(settings.key_file, f"{PREFIX}KEY_FILE", KeyType.NOTE) if settings.key_file else None


def read(path: Path, said: str, kind: KeyType) -> Signer:
    """Return the signer of a key file; `said` is how errors call it.

    Raises:
        StartupError: it cannot be read, others can read it, or it holds no such key.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if found.st_mode & (stat.S_IRWXO | stat.S_IWGRP | (stat.S_IRWXG if found.st_uid else 0)):
                raise StartupError(f"{said}: others can read {path}; run `chmod 600 {path}`")
            content = file.read(MAX_BYTES)
    except OSError as error:
        raise StartupError(f"{said}: {path}: {error.strerror or error}") from error
    return parse(content.decode("utf-8", "replace"), said, kind)


def parse(text: str, said: str, kind: KeyType) -> Signer:
    """Return the signer that a text spells.

    Raises:
        StartupError: it spells none, or one of another kind.
    """
    try:
        signer = Signer.parse(text.strip())
    except InvalidNote as error:
        raise StartupError(f"{said}: {error}; `llmring-server tlog keygen` makes one") from error
    if signer.verifier.kind is not kind:
        wanted = "a log" if kind is KeyType.NOTE else "a witness"
        raise StartupError(f"{said}: the key is not one of {wanted}; see `llmring-server tlog keygen --help`")
    return signer


def write(path: Path, signer: Signer) -> None:
    """Write a private key to a file that only its owner can read.

    Raises:
        FileExistsError: there is a file already; a key is never overwritten.
        OSError: it cannot be written.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(signer.text() + "\n")
