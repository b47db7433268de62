"""`llmring-server db distribute`: the distributed tables and their order, and repeated runs.

These tests cannot install Citus: `citus/` replaces it, with its rules on what may be distributed. With
LLMRING_TEST_CITUS_URL they run on a real one.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from llmring_server.errors import StartupError
from llmring_server.plugins.manager import installed_plugins
from llmring_server.testing import make_plugin

STAND_IN = Path(__file__).parent / "citus"
EVERY = ",".join(sorted(installed_plugins()))
LOCAL = {
    "projects",
    "project_keys",
    "receipts_unlogged",
    "transparency_queue",
    "transparency_leaves",
    "transparency_counts",
}
SPREAD = """
    SELECT relname AS name FROM pg_dist_partition JOIN pg_class ON oid = logicalrelid
    WHERE relnamespace = current_schema()::regnamespace ORDER BY number
"""
OF_PROJECTS = """
    SELECT table_name AS name FROM information_schema.columns JOIN pg_class ON relname = table_name
    WHERE table_schema = current_schema() AND relnamespace = current_schema()::regnamespace
        AND column_name = 'project_id' AND NOT relispartition
"""
USES_THE_KIT = """
def test_the_database_of_a_test_is_distributed(llmring_live):
    server = llmring_live(["aliases"])
    server.client().post("/api/v1/aliases/bind", json={"alias": "a", "model": "m:n"}).raise_for_status()
    spread = server.rows("SELECT logicalrelid::text AS name FROM pg_dist_partition")
    assert "aliases" in {row["name"] for row in spread}
"""


@pytest.fixture
def database(llmring_postgres, llmring_database):
    """Yield the address of a database for the test."""
    name = llmring_database["database_schema"]
    with psycopg.connect(llmring_postgres, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield make_conninfo(llmring_postgres, dbname=name)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def citus(database, open_folder):
    """Yield the same address, with `citus/` instead of the extension."""
    folder = open_folder()
    shutil.copytree(STAND_IN, folder / "extension")
    with psycopg.connect(database, autocommit=True) as own:
        if own.info.server_version < 180000:
            pytest.skip("the replacement of Citus needs PostgreSQL 18, where an extension may be in any folder")
        own.execute("SET allow_system_table_mods = on")
        own.execute(sql.SQL("SET extension_control_path = {}").format(sql.Literal(f"$system:{folder}")))
        own.execute("CREATE EXTENSION citus")
        path = sql.SQL("ALTER DATABASE {} SET extension_control_path = {}")
        own.execute(path.format(sql.Identifier(own.info.dbname), sql.Literal(f"$system:{folder}")))
    return database


@pytest.fixture
def cli(llmring_cli, citus):
    return lambda *arguments, **given: llmring_cli(*arguments, **{"LLMRING_DATABASE_URL": citus, **given})


def lines(done):
    assert done.returncode == 0, done.stderr
    return [tuple(part.strip() for part in line.split("  ") if part) for line in done.stdout.splitlines()]


def test_a_database_without_citus_is_rejected_with_the_remedy(llmring_cli, database):
    with psycopg.connect(database) as own:
        installed = own.execute("SELECT FROM pg_available_extensions WHERE name = 'citus'").fetchone() is not None
    remedy = "run CREATE EXTENSION citus in it" if installed else "install Citus on every node of the cluster first"
    done = llmring_cli("db", "distribute", LLMRING_DATABASE_URL=database)
    assert done.returncode == 1
    assert f"is not a Citus cluster; {remedy}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_database_without_the_citus_extension_is_rejected_with_the_remedy(cli, citus):
    with psycopg.connect(citus, autocommit=True) as own:
        own.execute("DROP EXTENSION citus")
    assert "is not a Citus cluster; run CREATE EXTENSION citus in it" in cli("db", "distribute").stderr


def test_a_schema_without_tables_is_rejected(cli):
    assert "has no tables yet; run `llmring-server migrate` first" in cli("db", "distribute").stderr


def test_every_table_with_projects_data_is_distributed_and_reported(cli, citus, llmring_database):
    cli("migrate", LLMRING_PLUGINS=EVERY)
    said = lines(cli("db", "distribute", LLMRING_PLUGINS=EVERY))
    with psycopg.connect(citus, options=f"-c search_path={llmring_database['database_schema']}") as own:
        spread = {name for (name,) in own.execute(SPREAD)}
        of_projects = {name for (name,) in own.execute(OF_PROJECTS)}
    assert of_projects - spread == LOCAL
    assert {table for done, place, table in said if (done, place) == ("distributed", "by project_id")} == spread
    assert {*LOCAL, "deployment"} <= {table for _, place, table in said if place == "local"}


def test_a_second_run_changes_nothing_and_reports_it(cli):
    cli("migrate", LLMRING_PLUGINS=EVERY)
    first, second = (lines(cli("db", "distribute", LLMRING_PLUGINS=EVERY)) for _ in range(2))
    assert {done for done, _, _ in second} == {"unchanged"}
    assert [line[1:] for line in second] == [line[1:] for line in first]


def test_a_plugin_that_is_enabled_later_is_distributed_by_the_next_run(cli):
    cli("migrate", LLMRING_PLUGINS="aliases")
    cli("db", "distribute", LLMRING_PLUGINS="aliases")
    cli("migrate", LLMRING_PLUGINS="aliases,receipts")
    said = lines(cli("db", "distribute", LLMRING_PLUGINS="aliases,receipts"))
    assert {table for done, _, table in said if done == "distributed"} == {
        "receipts", "receipt_conflicts", "statements", "statement_lines"
    }  # fmt: skip


def test_a_table_comes_after_those_that_its_foreign_keys_name(cli):
    cli("migrate", LLMRING_PLUGINS="conversations")
    order = [table for _, _, table in lines(cli("db", "distribute", LLMRING_PLUGINS="conversations"))]
    assert order.index("conversations") < order.index("conversation_messages")


def test_the_number_of_shards_can_be_set(cli, citus):
    cli("migrate", LLMRING_PLUGINS="aliases")
    cli("db", "distribute", "--shards", "96", LLMRING_PLUGINS="aliases")
    with psycopg.connect(citus) as own:
        assert own.execute("SELECT DISTINCT shards FROM pg_dist_partition").fetchall() == [(96,)]


def plugin(folder, text, *local):
    folder.mkdir(exist_ok=True)
    (folder / "acme-0001-create.sql").write_text(text)
    return make_plugin("acme", llmring_migrations=lambda: folder, llmring_local_tables=lambda: local)


def test_a_plugin_can_declare_a_table_local(llmring_live, citus, tmp_path):
    text = "CREATE TABLE acme_rows (project_id text PRIMARY KEY); CREATE TABLE acme_queue (project_id text, id int);"
    server = llmring_live([plugin(tmp_path / "acme", text, "acme_queue")], database_url=citus, database_distribute=True)
    assert server.rows(SPREAD) == [{"name": "acme_rows"}]


def test_a_table_declared_local_must_exist(llmring_live, citus, tmp_path):
    acme = plugin(tmp_path / "acme", "CREATE TABLE acme (project_id text PRIMARY KEY)", "acme_queu")
    with pytest.raises(StartupError, match="plugin 'acme' declares the table 'acme_queu' local, but there is no such"):
        llmring_live([acme], database_url=citus, database_distribute=True)


def test_a_table_that_citus_rejects_stops_the_start_and_is_named(llmring_live, citus, tmp_path):
    acme = plugin(tmp_path / "acme", "CREATE TABLE acme (project_id text, id int PRIMARY KEY)")
    with pytest.raises(StartupError, match="Citus cannot distribute acme: cannot create constraint"):
        llmring_live([acme], database_url=citus, database_distribute=True)


def test_with_the_setting_every_start_distributes_new_tables(llmring_process, citus):
    environment = {"LLMRING_DATABASE_URL": citus, "LLMRING_DATABASE_DISTRIBUTE": "true", "LLMRING_PLUGINS": "aliases"}
    for process in [llmring_process(**environment) for _ in range(3)]:
        process.wait_until_up()
    with psycopg.connect(citus) as own:
        assert own.execute("SELECT count(*) FROM pg_dist_partition").fetchone() == (3,)


def test_the_kit_distributes_the_tables_of_every_test_on_a_cluster(citus, tmp_path):
    (tmp_path / "test_kit.py").write_text(USES_THE_KIT)
    options = ["-p", "no:cacheprovider", "-p", "no:xdist", f"--basetemp={tmp_path / 'base'}", "-q"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_kit.py"],
        cwd=tmp_path,
        env={**os.environ, "LLMRING_TEST_CITUS_URL": citus},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
