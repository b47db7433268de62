"""The account of the bundled PostgreSQL: the current user, or for root a separate unprivileged one."""

import os
import pwd
import stat
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from llmring_server.errors import StartupError

FOLDER = "postgres"  # in the data folder: PostgreSQL's own
USER = "pgserver"
ROOT = 0
ELSEWHERE = "or set another folder as LLMRING_DATA_DIR"


class Account(NamedTuple):
    """A user and its group; `switched` when it is not the user of this process."""

    uid: int
    gid: int
    switched: bool

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `subprocess.run` to run a program as this account, without our supplementary groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switched else {}

    def can_enter(self, folder: Path) -> bool:
        """Whether the folder's mode allows the account to enter it."""
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        return bool(status.st_mode & (stat.S_IXGRP if status.st_gid == self.gid else stat.S_IXOTH))

    def own(self, folder: Path) -> None:
        """Make the account the owner of a new folder."""
        if self.switched:
            os.chown(folder, self.uid, self.gid, follow_symlinks=False)


def find_account(data_dir: Path, pgdata: Path) -> Account:
    """Return the account for PostgreSQL on `pgdata`, without changing either folder.

    For root that is the user `pgserver`, which is added when missing.

    Raises:
        StartupError: the data, or for root a folder above it, belongs to another user or can be changed by all, or
            there is no account to switch to from root.
    """
    held = next((folder for folder in (pgdata, data_dir) if folder.exists()), None)
    owner = held.stat().st_uid if held else None
    if os.geteuid() != ROOT:
        if owner not in (None, os.geteuid()) and held == pgdata:
            raise _other_owner(pgdata, owner)
        return Account(os.geteuid(), os.getegid(), switched=False)
    _check_folders(data_dir)
    found = _find_user()
    if owner not in (None, ROOT, found.pw_uid if found else None) and (found or _is_known(owner)):
        raise _other_owner(held, owner)
    user = found or _add_user(owner)
    if ROOT in (user.pw_uid, user.pw_gid):
        raise StartupError(
            f"the user {USER!r}, who runs the bundled PostgreSQL, has root's rights; change its uid and gid"
        )
    return Account(user.pw_uid, user.pw_gid, switched=True)


def open_data_dir(data_dir: Path, account: Account) -> None:
    """Create the data folder when missing, closed to other users; an account other than ours may enter it only.

    The modes of existing parent folders, and of an existing folder with other files, are not changed.

    Raises:
        StartupError: the account cannot enter the folder or a parent.
    """
    created = [folder for folder in data_dir.parents if not folder.exists()]
    ours = not data_dir.exists() or (data_dir / FOLDER).exists() or not any(data_dir.iterdir())
    data_dir.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    if not account.switched:
        return
    for folder in [data_dir, *created] if ours else []:
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXOTH)
    folders = (*reversed(data_dir.parents), data_dir)
    closed = next((folder for folder in folders if not account.can_enter(folder)), None)
    if closed:
        raise StartupError(
            f"the user {USER!r}, who runs the bundled PostgreSQL when the server is started as root, cannot enter "
            f"{closed}; run `chmod o+x {closed}` or start the server as another user, {ELSEWHERE}"
        )


def _check_folders(data_dir: Path) -> None:
    """Reject folders that another user could replace while root works in them."""
    for folder in (data_dir, *data_dir.parents):
        if not folder.exists():
            continue
        status = folder.stat()
        if status.st_uid != ROOT:
            raise _other_owner(folder, status.st_uid)
        sticky = status.st_mode & stat.S_ISVTX and folder != data_dir
        if status.st_mode & stat.S_IWOTH and not sticky:
            raise StartupError(f"every user can change {folder}; run `chmod o-w {folder}`, {ELSEWHERE}")


def _find_user() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        return None


def _is_known(uid: int | None) -> bool:
    return uid in {entry.pw_uid for entry in pwd.getpwall()}


def _add_user(uid: int | None) -> pwd.struct_passwd:
    """Add the user, with the uid of the existing data's owner, which a new container lacks."""
    number = ["--uid", str(uid)] if uid else []
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", *number, USER]
    try:
        done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
        reason = done.stderr.strip()
    except OSError as error:
        reason = str(error)
    found = _find_user()
    if found is None:
        raise StartupError(
            f"PostgreSQL does not run as root, and the user {USER!r} cannot be added for it ({reason}); "
            "start the server as another user, or set LLMRING_DATABASE_URL"
        )
    return found


def _other_owner(folder: Path | None, uid: int | None) -> StartupError:
    try:
        name = pwd.getpwuid(uid or ROOT).pw_name
    except KeyError:
        name = f"with the number {uid}"
    return StartupError(f"{folder} belongs to the user {name}; start the server as that user, {ELSEWHERE}")
