"""The server never changes a schema that another application, or a newer version, has used."""

import psycopg
import pytest
from psycopg import sql

from llmring_server.bundled import find_bundled
from llmring_server.database.ownership import created_tables
from llmring_server.errors import StartupError
from llmring_server.plugins.manager import installed_plugins

EVERY = sorted(installed_plugins())
# The columns by which the reference server's tables differ from ours; its migrations are recorded by pgdbm.
REFERENCE = """
    CREATE TABLE schema_migrations (id serial PRIMARY KEY, filename text, checksum text, module_name text);
    CREATE TABLE usage_logs (id uuid PRIMARY KEY, api_key_id varchar(255), model varchar(255), cost numeric(10, 8));
    CREATE TABLE aliases (id serial PRIMARY KEY, project_id varchar(255), alias varchar(64), model varchar(255));
    CREATE TABLE conversations (id uuid PRIMARY KEY, api_key_id varchar(255), title varchar(500));
    CREATE TABLE messages (id uuid PRIMARY KEY, conversation_id uuid REFERENCES conversations (id));
"""
CONTENT = """
    SELECT relname::text, attname::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = current_schema()::regnamespace ORDER BY 1, 2
"""

TABLES = """
    SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
        AND NOT relispartition AND relname NOT LIKE %s
"""


@pytest.fixture
def database(llmring_postgres, llmring_database):
    """Yield a connection to the test's schema, which is created."""
    schema = sql.Identifier(llmring_database["database_schema"])
    with psycopg.connect(llmring_postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
        connection.execute(sql.SQL("SET search_path = {}").format(schema))
        yield connection


@pytest.fixture
def refusal(llmring_live, database):
    """Return a function that returns why a start is refused, and checks that nothing was changed."""

    def start(plugins, **settings):
        before = database.execute(CONTENT).fetchall()
        with pytest.raises(StartupError) as refused:
            llmring_live(plugins, **settings)
        assert database.execute(CONTENT).fetchall() == before
        return str(refused.value)

    return start


def test_tables_of_the_reference_server_are_named_and_not_changed(refusal, database):
    database.execute(REFERENCE)
    schema = database.execute("SELECT current_schema()").fetchone()[0]
    assert refusal(["usage", "aliases"]) == (
        f"schema '{schema}' has tables that seem to be of the reference server (the FastAPI one): aliases, "
        "conversations, messages, schema_migrations and 1 more; nothing was changed. Set another schema as "
        "LLMRING_DATABASE_SCHEMA; its data can be imported later"
    )


def test_the_reference_server_is_recognized_when_an_earlier_release_has_added_its_tables(
    refusal, database, llmring_cli
):
    assert llmring_cli("migrate", LLMRING_PLUGINS="aliases").returncode == 0
    database.execute("DROP TABLE aliases")
    database.execute(REFERENCE)
    assert "seem to be of the reference server" in refusal(["aliases"])


@pytest.mark.parametrize("settings", [{}, {"database_migrate": False}], ids=["migrating", "not migrating"])
@pytest.mark.parametrize("kind", ["TABLE", "VIEW", "MATERIALIZED VIEW"])
def test_tables_of_any_other_application_are_not_changed(refusal, database, kind, settings):
    database.execute(f"CREATE {kind} invoices AS SELECT 1 AS id")
    assert "tables that seem to be of another application: invoices; nothing was changed" in refusal([], **settings)


def test_tables_of_an_application_with_the_same_migration_tool_are_not_changed(refusal, database, llmring_cli):
    assert llmring_cli("migrate", LLMRING_PLUGINS="").returncode == 0
    database.execute("DROP TABLE deployment")
    database.execute("UPDATE _yoyo_migration SET migration_id = '0001.create-invoices'")
    assert "of another application that uses yoyo" in refusal([])


@pytest.mark.parametrize("command", [("migrate", "--status"), ("db", "distribute")])
def test_commands_refuse_them_too(llmring_cli, database, command):
    database.execute(REFERENCE)
    before = database.execute(CONTENT).fetchall()
    refused = llmring_cli(*command)
    assert refused.returncode == 1
    assert "seem to be of the reference server" in refused.stderr
    assert database.execute(CONTENT).fetchall() == before


def test_a_table_that_a_pending_migration_would_create_must_have_its_columns(refusal, database, llmring_cli):
    assert llmring_cli("migrate", LLMRING_PLUGINS="").returncode == 0
    database.execute("CREATE TABLE receipts (id int, amount numeric)")
    assert refusal(["usage", "receipts"]) == (
        f"schema '{database.execute('SELECT current_schema()').fetchone()[0]}' has a table 'receipts' that is not of "
        "this server: migration receipts-0001-create would create it, but it has no column 'project_id'; nothing was "
        "changed. Rename it, or set another schema as LLMRING_DATABASE_SCHEMA"
    )


def test_tables_added_to_a_deployment_do_not_prevent_a_start(llmring_live, database):
    llmring_live([])
    database.execute("CREATE TABLE invoices (id int)")
    assert llmring_live(["aliases"]).client().get("/api/v1/aliases").json() == []


def test_tables_of_extensions_do_not_prevent_a_start(llmring_live, database):
    schema = database.execute("SELECT current_schema()").fetchone()[0]
    database.execute("CREATE TABLE of_an_extension (id int)")
    database.execute("ALTER EXTENSION plpgsql ADD TABLE of_an_extension")
    try:
        llmring_live([])
    finally:
        database.execute(f"ALTER EXTENSION plpgsql DROP TABLE {schema}.of_an_extension")


def test_a_database_of_a_newer_version_is_refused(refusal, database, llmring_cli):
    assert llmring_cli("migrate", LLMRING_PLUGINS="aliases").returncode == 0
    database.execute("INSERT INTO _yoyo_migration VALUES ('a hash', 'aliases-9999-future', now())")
    for settings in ({}, {"database_migrate": False}):
        assert refusal(["aliases"], **settings) == (
            "the database is of a newer version, whose migrations this one does not have: aliases-9999-future; "
            "install that version, or restore a backup made before its first start into an empty database"
        )


def test_migrations_of_plugins_that_are_not_enabled_do_not_prevent_a_start(llmring_live, database, llmring_cli):
    assert llmring_cli("migrate", LLMRING_PLUGINS="aliases").returncode == 0
    database.execute("INSERT INTO _yoyo_migration VALUES ('a hash', 'acme-9999-future', now())")
    assert llmring_live([]).client().get("/health").status_code == 200


def test_the_columns_of_every_table_are_read_from_its_migration(llmring_cli, database):
    """Otherwise a process killed inside a first migration would prevent the next start."""
    assert llmring_cli("migrate", LLMRING_PLUGINS=",".join(EVERY)).returncode == 0
    actual = {}
    for table, column in database.execute(CONTENT).fetchall():
        actual.setdefault(table, set()).add(column)
    read = {}
    for file in sorted(find_bundled("migrations").glob("*/*.sql")):
        read |= created_tables(file.read_text())
    assert len(read) == len(database.execute(TABLES, ["%yoyo%"]).fetchall())
    for table, columns in read.items():
        assert columns
        assert set(columns) <= actual[table]


def test_comments_texts_and_constraints_are_no_columns():
    text = """
        -- CREATE TABLE comment (a int);
        create table Odd ("id" int, price numeric(10, 2) DEFAULT 1.5, name text DEFAULT 'a, (b', -- (, c
            /* d int, */ CHECK (id > 0 AND (price < 2)), primary key (id, price));
    """
    assert created_tables(text) == {"odd": ("id", "price", "name")}
