"""Read the checkpoint key from settings, and read and write key files that only their owner can read."""

import os
import stat
from pathlib import Path

from llmring_server.errors import StartupError
from llmring_server.tlog.notes import InvalidNote, KeyType
from llmring_server.tlog.signers import Signer
from llmring_transparency.settings import TransparencySettings

PREFIX = "LLMRING_TRANSPARENCY_"
MAX_BYTES = 4096


def read_signer(settings: TransparencySettings) -> Signer | None:
    """Return the configured checkpoint key, or None. Reads the file.

    Raises:
        StartupError: not a key of a log, two sources are set, or others can read the file; its content is never shown.
    """
    if settings.key and settings.key_file:
        raise StartupError(f"{PREFIX}KEY and {PREFIX}KEY_FILE are both set; unset one")
    if settings.key:
        return parse(settings.key.get_secret_value(), f"{PREFIX}KEY", KeyType.NOTE)
    return read(settings.key_file, f"{PREFIX}KEY_FILE", KeyType.NOTE) if settings.key_file else None


def read(path: Path, setting: str, key_type: KeyType) -> Signer:
    """Return the signer of a key file; `setting` is its name in errors.

    Raises:
        StartupError: it cannot be read, others can read it, or it is not such a key.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if found.st_mode & (stat.S_IRWXO | stat.S_IWGRP | (stat.S_IRWXG if found.st_uid else 0)):
                raise StartupError(f"{setting}: others can read {path}; run `chmod 600 {path}`")
            content = file.read(MAX_BYTES)
    except OSError as error:
        raise StartupError(f"{setting}: {path}: {error.strerror or error}") from error
    return parse(content.decode("utf-8", "replace"), setting, key_type)


def parse(text: str, setting: str, key_type: KeyType) -> Signer:
    """Return the signer of a text; `setting` is its name in errors.

    Raises:
        StartupError: not a private key, or one of another type.
    """
    try:
        signer = Signer.parse(text.strip())
    except InvalidNote as error:
        raise StartupError(f"{setting}: {error}; `llmring-server tlog keygen` creates one") from error
    if signer.verifier.kind is not key_type:
        wanted = "a log" if key_type is KeyType.NOTE else "a witness"
        raise StartupError(f"{setting}: the key is not a key of {wanted}; see `llmring-server tlog keygen --help`")
    return signer


def write(path: Path, signer: Signer) -> None:
    """Write a private key to a file that only its owner can read.

    Raises:
        FileExistsError: the file exists; a key is never overwritten.
        OSError: it cannot be written.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(signer.text() + "\n")
