"""The folders of bundled files that are not Python, in a checkout and in a wheel, and that of the bundled database."""

import os
import sys
from pathlib import Path

import platformdirs

from llmring_server.errors import StartupError

MIGRATION_SUFFIXES = (".sql", ".py")


def find_bundled(folder: str) -> Path:
    """Return the folder `conf` or `migrations` of this distribution.

    In a wheel it is inside the package, in a checkout next to it.

    Raises:
        StartupError: it is in neither.
    """
    package = Path(__file__).resolve().parent
    for place in (package / folder, package.parent / folder):
        if place.is_dir():
            return place
    raise StartupError(f"the folder {folder!r} is missing from this installation; install llmring-server again")


def migrations(feature: str) -> Path:
    """Return the folder of a built-in feature's yoyo migrations.

    Raises:
        StartupError: the folder is missing or has no migrations.
    """
    folder = find_bundled("migrations") / feature
    migration_ids(folder, feature)
    return folder


def migration_ids(folder: Path, owner: str) -> list[str]:
    """Return the ids (file names without suffix, sorted) of the migrations in `folder`.

    Raises:
        StartupError: there are none, which would otherwise look like "nothing to apply".
    """
    ids = sorted(
        path.stem
        for path in (folder.iterdir() if folder.is_dir() else ())
        if path.suffix in MIGRATION_SUFFIXES and not path.name.endswith(".rollback.sql")
    )
    if not ids:
        raise StartupError(f"plugin {owner!r} names {folder} as its migrations, but there are none in it")
    return ids


def default_data_dir() -> Path:
    """Return the folder of the bundled database: the user's data folder, or `/var/lib/llmring-server` for root."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/llmring-server")
    if sys.platform == "darwin":  # the folder of earlier releases, which could not use "Application Support"
        return Path.home() / ".local/share/llmring-server"
    return Path(platformdirs.user_data_dir("llmring-server", appauthor=False))
