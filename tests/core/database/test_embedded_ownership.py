"""The bundled PostgreSQL is closed to other users, and root neither uses nor changes the folders of others."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from embedded_kit import AS_OTHER, OTHER, OTHER_NAME, START, Postgres, as_root, modes, python

from llmring_server.database.embedded import account, binaries
from llmring_server.errors import StartupError

CONNECT = """
import socket, sys
socket.socket(socket.AF_UNIX).connect(sys.argv[1])
"""


def test_nothing_is_left_in_the_temporary_directory(folder, postgres, monkeypatch):
    temporary = folder / "tmp"
    temporary.mkdir(mode=0o777)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    postgres.data_dir = postgres.data_dir.rename(folder / ("long" * 30))
    postgres.start()
    assert [found.parent for found in temporary.iterdir()] == [temporary]
    assert postgres.stop()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("name", ["data", "long" * 30], ids=["short", "long"])
def test_the_socket_is_in_a_folder_that_is_closed_to_others(folder, postgres, name):
    postgres.data_dir = postgres.data_dir.rename(folder / name)
    place = postgres.socket_folder()
    assert place.stat().st_uid == postgres.pgdata.stat().st_uid
    assert modes(place, place / ".s.PGSQL.5432") == {place: 0o700, place / ".s.PGSQL.5432": 0o700}


@as_root
@pytest.mark.parametrize("name", ["data", "long" * 30], ids=["short", "long"])
def test_another_user_cannot_connect(folder, postgres, name):
    postgres.data_dir = postgres.data_dir.rename(folder / name)
    place = postgres.socket_folder() / ".s.PGSQL.5432"
    done = python(AS_OTHER + CONNECT, place, capture_output=True, text=True)
    assert "PermissionError" in done.stderr


@pytest.mark.parametrize("name", ["postgres.lock", "postgres.users"])
def test_another_user_cannot_lock_it(postgres, name):
    """Everyone who may open a file may lock it, and so prevent a start or a stop."""
    (postgres.data_dir / name).touch(mode=0o644)
    postgres.start()
    assert modes(postgres.data_dir / name) == {postgres.data_dir / name: 0o600}


@pytest.mark.parametrize("name", ["postgres.lock", "postgres.users"])
def test_a_symbolic_link_in_place_of_a_lock_is_not_followed(folder, postgres, name):
    postgres.data_dir.joinpath(name).unlink(missing_ok=True)
    postgres.data_dir.joinpath(name).symlink_to(folder / "target")
    with pytest.raises(StartupError, match="does not start"):
        postgres.start()
    assert not (folder / "target").exists()


def test_a_new_data_folder_is_closed_to_other_users(folder):
    data = folder / "data"
    account.open_data_dir(data, account.Account(os.geteuid(), os.getegid(), switched=False))
    assert modes(data) == {data: 0o700}


@as_root
def test_another_account_may_enter_a_new_data_folder_but_not_list_it(folder):
    data = folder / "new" / "data"
    account.open_data_dir(data, account.Account(OTHER, OTHER, switched=True))
    assert modes(data) == {data: 0o701}


@as_root
def test_a_folder_with_other_files_keeps_its_mode(folder):
    home = folder / "home"
    home.mkdir(mode=0o700)
    (home / "notes").touch()
    with pytest.raises(StartupError, match=f"cannot enter {home}; run `chmod o\\+x {home}`"):
        Postgres(home).start()
    assert modes(home) == {home: 0o700}
    assert [path.name for path in home.iterdir()] == ["notes"]


@as_root
@pytest.mark.parametrize("above", [False, True], ids=["the data folder", "a folder above it"])
def test_root_rejects_folders_that_another_user_could_replace(folder, postgres, above):
    """Even when PostgreSQL's own folder is right: its name could lead elsewhere a moment later."""
    os.chown(folder if above else folder / "data", OTHER, OTHER)
    with pytest.raises(StartupError, match=f"belongs to the user {OTHER_NAME}; start the server as that user"):
        postgres.start()


@as_root
@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_root_rejects_a_data_folder_that_every_user_can_change(postgres, mode):
    postgres.data_dir.chmod(mode)
    with pytest.raises(StartupError, match=r"every user can change .*; run `chmod o-w "):
        postgres.start()
    assert modes(postgres.data_dir) == {postgres.data_dir: mode}


def test_stopping_removes_no_folder_that_is_not_of_its_socket(folder, postgres):
    """The file with the folder's path is PostgreSQL's, whose user has fewer rights than root."""
    postgres.start()
    victim = folder / "empty"
    victim.mkdir()
    (victim / ".s.PGSQL.5432").symlink_to(postgres.socket_folder() / ".s.PGSQL.5432")
    file = postgres.pgdata / "postmaster.pid"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:4], str(victim), *lines[5:]]) + "\n")
    (victim / ".s.PGSQL.5432").stat()
    postgres.stop()
    (victim / ".s.PGSQL.5432").unlink()
    assert victim.is_dir()


@as_root
def test_it_has_no_privileges_of_root(postgres):
    postgres.start()
    process = postgres.postmaster
    assert process.username() == account.USER
    assert 0 not in {*process.uids(), *process.gids()}
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert next(line for line in status.splitlines() if line.startswith("Groups:")).split() == ["Groups:"]


@as_root
@pytest.mark.parametrize("owned", ["data", "data/postgres"])
def test_root_rejects_data_of_another_user_without_changing_it(folder, postgres, owned):
    os.chown(folder / owned, OTHER, OTHER)
    os.chown(folder / "data/postgres", OTHER, OTHER)
    before = {path: path.stat() for path in (folder / "data", *folder.glob("data/*"))}
    with pytest.raises(StartupError, match=f"belongs to the user {OTHER_NAME}; start the server as that user"):
        postgres.start()
    assert {path: path.stat() for path in (folder / "data", *folder.glob("data/*"))} == before


@as_root
def test_root_rejects_an_empty_folder_of_another_user(folder):
    os.chown(folder, OTHER, OTHER)
    with pytest.raises(StartupError, match=f"belongs to the user {OTHER_NAME}"):
        Postgres(folder).start()
    assert list(folder.iterdir()) == []


@as_root
def test_a_user_rejects_data_of_another_user(postgres):
    done = python(AS_OTHER + START, postgres.data_dir, capture_output=True, text=True)
    assert f"belongs to the user {account.USER}; start the server as that user" in done.stderr


@as_root
def test_an_inaccessible_parent_folder_keeps_its_mode(folder):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    before = modes(closed, *closed.parents)
    with pytest.raises(StartupError, match=f"cannot enter {closed}; run `chmod"):
        Postgres(closed / "data").start()
    assert modes(closed, *closed.parents) == before


@as_root
def test_folders_above_the_data_and_the_installation_keep_their_modes(folder, postgres):
    inner = folder / "above"
    inner.mkdir(mode=0o711)
    postgres.data_dir = postgres.data_dir.rename(inner / "data")
    above = [*postgres.data_dir.parents, *Path(binaries.__file__).parents]
    before = modes(*above)
    postgres.start()
    assert modes(*above) == before


@as_root
def test_programs_in_a_closed_installation_are_copied_into_the_data_folder(folder, postgres, monkeypatch):
    postgres.start()
    installed = postgres.programs.parent
    postgres.stop()
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(installed, closed / "carried_postgres" / installed.name, symlinks=True)
    (closed / "carried_postgres" / "__init__.py").touch()
    monkeypatch.syspath_prepend(closed)
    monkeypatch.setattr(binaries, "PACKAGE", "carried_postgres")
    assert postgres.answer() == 1
    assert postgres.programs.is_relative_to(postgres.data_dir)
    assert modes(closed) == {closed: 0o700}
