"""Migrations: concurrent processes, killed processes, and failures."""

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from llmring_server.errors import StartupError
from llmring_server.settings import load_settings
from llmring_server.testing import eventually, make_plugin

SLOW = """
CREATE TABLE IF NOT EXISTS slow_made (id int PRIMARY KEY);
SELECT pg_sleep(seconds) FROM slow_brake;
"""
PLUGIN = """
from pathlib import Path
from llmring_server.plugins.hookspecs import hookimpl

@hookimpl
def llmring_migrations():
    return Path(__file__).parent / "slow"
"""
DEFAULT = load_settings().plugins


@pytest.fixture
def database(llmring_postgres, llmring_database):
    """Yield a connection to the test's schema, which is created."""
    schema = sql.Identifier(llmring_database["database_schema"])
    with psycopg.connect(llmring_postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
        connection.execute(sql.SQL("SET search_path = {}").format(schema))
        yield connection


def migration_plugin(folder, name, text):
    """Write one migration of plugin `name` and return the plugin."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}-0001-create.sql").write_text(text)
    return make_plugin(name, llmring_migrations=lambda: folder)


def test_five_processes_that_start_together_migrate_once_and_all_serve(llmring_process, database):
    processes = [llmring_process(LLMRING_PLUGINS="aliases") for _ in range(5)]
    for process in processes:
        process.wait_until_up()
        assert httpx.get(f"{process.url}/health").status_code == 200
    applied = database.execute("SELECT migration_id FROM _yoyo_log WHERE operation = 'apply'").fetchall()
    assert len(applied) == len(set(applied)) >= 2


def test_a_process_killed_inside_a_migration_does_not_prevent_other_starts(
    llmring_process, llmring_cli, database, distribution
):
    assert llmring_cli("migrate", LLMRING_PLUGINS="").returncode == 0
    folder = distribution("acme-slow", "slow", PLUGIN)
    (folder / "slow").mkdir()
    (folder / "slow" / "slow-0001-create.sql").write_text(SLOW)
    database.execute("CREATE TABLE slow_brake AS SELECT 120 AS seconds")
    environment = {"LLMRING_PLUGINS": "slow", "PYTHONPATH": str(folder)}
    killed = llmring_process(**environment)
    sleeping = "SELECT 1 FROM pg_stat_activity WHERE query LIKE %s AND wait_event = 'PgSleep' AND query LIKE %s"
    eventually(lambda: database.execute(sleeping, ["%slow_brake%", "%pg_sleep%"]).fetchone(), 30)
    killed.kill()
    database.execute("UPDATE slow_brake SET seconds = 0")
    llmring_process(**environment).wait_until_up(30)
    marked = database.execute("SELECT migration_id FROM _yoyo_migration").fetchall()
    assert ("slow-0001-create",) in marked
    assert database.execute("SELECT count(*) FROM slow_made").fetchone() == (0,)


def test_a_process_killed_between_commit_and_mark_is_repaired_by_the_next_start(llmring_cli, database):
    plugins = ",".join(DEFAULT)
    first = llmring_cli("migrate", LLMRING_PLUGINS=plugins)
    assert first.returncode == 0, first.stderr
    database.execute("DELETE FROM _yoyo_migration")
    database.execute("CREATE TABLE yoyo_lock (locked int PRIMARY KEY, ctime timestamp, pid int)")  # as yoyo itself does
    database.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 1)")
    again = llmring_cli("migrate", LLMRING_PLUGINS=plugins)
    assert (again.returncode, again.stdout) == (0, first.stdout)


def test_a_migration_that_fails_stops_the_start_and_leaves_nothing(llmring_live, database, tmp_path):
    text = "CREATE TABLE broken_half (id int);\n-- a remark\nSELECT\n  nothing_like_this;"
    with pytest.raises(StartupError) as caught:
        llmring_live([migration_plugin(tmp_path / "broken", "broken", text)])
    message = str(caught.value)
    assert message.startswith("plugin 'broken': migration broken-0001-create fails: UndefinedColumn: column ")
    assert message.endswith("; statement: SELECT nothing_like_this;")
    assert database.execute("SELECT to_regclass('broken_half')").fetchone() == (None,)


def test_a_failed_migration_is_run_again_once_fixed(llmring_live, tmp_path):
    with pytest.raises(StartupError):
        llmring_live([migration_plugin(tmp_path / "fixed", "fixed", "SELECT nothing_like_this;")])
    server = llmring_live([migration_plugin(tmp_path / "fixed", "fixed", "CREATE TABLE fixed (id int);")])
    assert server.rows("SELECT * FROM fixed") == []


def test_migrate_reports_pending_and_applied_migrations(llmring_cli):
    environment = {"LLMRING_PLUGINS": "aliases"}
    pending = llmring_cli("migrate", "--status", **environment).stdout.splitlines()
    assert pending[0].split() == ["pending", "core", "core-0001-create"]
    assert ["pending", "aliases", "aliases-0001-create"] in [line.split() for line in pending]
    assert "applied aliases-0001-create" in llmring_cli("migrate", **environment).stdout.splitlines()
    assert llmring_cli("migrate", **environment).stdout == "nothing to apply\n"
    assert "pending" not in llmring_cli("migrate", "--status", **environment).stdout


def test_a_plugin_that_is_enabled_later_is_migrated_then(llmring_live):
    llmring_live([])
    assert llmring_live(["aliases"]).client().get("/api/v1/aliases").json() == []


def test_two_schemas_in_one_database_do_not_touch_each_other(llmring_live, llmring_database, llmring_cli):
    other = {"LLMRING_DATABASE_SCHEMA": llmring_database["database_schema"] + "_b", "LLMRING_PLUGINS": "aliases"}
    llmring_live(["aliases"]).client().post("/api/v1/aliases/bind", json={"alias": "a", "model": "m:n"})
    assert "applied aliases-0001-create" in llmring_cli("migrate", **other).stdout
    with psycopg.connect(llmring_database["database_url"], autocommit=True) as connection:
        schema = sql.Identifier(other["LLMRING_DATABASE_SCHEMA"])
        found = connection.execute(sql.SQL("SELECT count(*) FROM {}.aliases").format(schema)).fetchone()
        connection.execute("SET client_min_messages = warning")
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(schema))
    assert found == (0,)


def test_a_database_without_utf8_is_rejected(llmring_cli, llmring_postgres, llmring_database):
    name = sql.Identifier(llmring_database["database_schema"])
    with psycopg.connect(llmring_postgres, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0").format(name))
        try:
            address = make_conninfo(llmring_postgres, dbname=llmring_database["database_schema"])
            refused = llmring_cli("migrate", LLMRING_DATABASE_URL=address)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {}").format(name))
    assert refused.returncode == 1
    assert "has the encoding SQL_ASCII; create one with UTF8" in refused.stderr
