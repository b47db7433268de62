"""Where the files that are not Python lie: `conf/` and `migrations/`, in a checkout and in a wheel alike."""

from pathlib import Path

from llmring_server.errors import StartupError

MIGRATION_SUFFIXES = (".sql", ".py")


def bundled(folder: str) -> Path:
    """Return the folder `conf` or `migrations` that came with this distribution.

    A wheel carries it inside the package, a checkout beside it.

    Raises:
        StartupError: neither place has it.
    """
    package = Path(__file__).resolve().parent
    for place in (package / folder, package.parent / folder):
        if place.is_dir():
            return place
    raise StartupError(f"the folder {folder!r} is missing from this installation; install llmring-server again")


def migrations(feature: str) -> Path:
    """Return the folder of a built-in feature's yoyo migrations.

    Raises:
        StartupError: the folder is missing or holds no migration.
    """
    folder = bundled("migrations") / feature
    migration_ids(folder, feature)
    return folder


def migration_ids(folder: Path, owner: str) -> list[str]:
    """Return the ids (file names without suffix, sorted) of the migrations in `folder`.

    Raises:
        StartupError: there is none, which would otherwise pass for "nothing to do".
    """
    ids = sorted(
        path.stem
        for path in (folder.iterdir() if folder.is_dir() else ())
        if path.suffix in MIGRATION_SUFFIXES and not path.name.endswith(".rollback.sql")
    )
    if not ids:
        raise StartupError(f"plugin {owner!r} names {folder} as its migrations, but no migration lies there")
    return ids
