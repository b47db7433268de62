"""The requirements of a Citus cluster on tables and statements, checked on plain PostgreSQL and in all SQL."""

import pytest
from pglast import ast, enums
from sql_kit import CHANGING, collect, migration, migrations, nodes

from llmring_server.plugins.manager import installed_plugins

MIGRATIONS = migrations()
IMMUTABLE, VOLATILE = "i", "v"
COLUMNS = """
    SELECT relname AS "table", array_agg(attname ORDER BY attnum) AS columns FROM pg_class
    JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
    GROUP BY relname
"""
UNIQUE = """
    SELECT tables.relname AS "table", keys.relname AS key,
        (SELECT attname FROM pg_attribute WHERE attrelid = tables.oid AND attnum = indkey[0]) AS first
    FROM pg_index JOIN pg_class AS tables ON tables.oid = indrelid JOIN pg_class AS keys ON keys.oid = indexrelid
    WHERE tables.relnamespace = current_schema()::regnamespace AND indisunique
"""
TRIGGERS = """
    SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal
"""
VOLATILITY = "SELECT proname AS name, array_agg(DISTINCT provolatile::text) AS kinds FROM pg_proc GROUP BY proname"
# Facts of the deployment, public keys, the registry's copy, and the tree of the log: not data of projects.
WITHOUT_PROJECT = {
    "_yoyo_log", "_yoyo_migration", "_yoyo_version", "dashboard_secrets", "deployment",
    "receipt_key_events", "receipt_keys", "registry_contents", "registry_files", "registry_versions",
    "transparency_keys", "transparency_log", "transparency_tiles", "usage_facts",
}  # fmt: skip


@pytest.fixture(scope="module")
def statements():
    return collect()[0]


@pytest.fixture(scope="module")
def named(statements):
    return {text: f"{module}: {text[:120]}" for text, (module, _) in statements.items()}


@pytest.fixture
def server(llmring_live):
    return llmring_live(sorted(installed_plugins()))


def functions(tree):
    """Return the names of the functions that are called in a fragment of a statement."""
    called = {call.funcname[-1].sval for call in nodes(tree, ast.FuncCall)}
    return called | {call.op.name for call in nodes(tree, ast.SQLValueFunction)}


def volatilities(server):
    return {row["name"]: set(row["kinds"]) for row in server.rows(VOLATILITY)}


def test_the_statements_of_every_plugin_with_tables_are_found(statements):
    read = {module.partition(".")[0] for module, _ in statements.values()}
    owners = {path.split("/")[1] for path in MIGRATIONS}
    assert {"llmring_server" if owner == "core" else f"llmring_{owner}" for owner in owners} <= read


def test_every_fragment_that_writes_is_in_a_complete_statement(statements):
    parts = collect()[1]
    whole = "\n".join(statements)
    unread = {part for part in parts if CHANGING.search(part) and part not in whole}
    assert unread == set()


def test_project_id_leads_every_key_of_every_table_that_has_one(server):
    of_projects = {row["table"] for row in server.rows(COLUMNS) if "project_id" in row["columns"]}
    keys = [row for row in server.rows(UNIQUE) if row["table"] in of_projects]
    assert {row["table"] for row in keys} == of_projects
    assert [(row["table"], row["key"]) for row in keys if row["first"] != "project_id"] == []


def test_every_table_of_projects_has_a_project_id(server):
    without = {row["table"] for row in server.rows(COLUMNS) if "project_id" not in row["columns"]}
    assert without == WITHOUT_PROJECT


def test_no_table_has_a_trigger(server):
    assert server.rows(TRIGGERS) == []


def test_conflict_updates_use_only_immutable_functions(server, named, statements):
    kinds = volatilities(server)
    found = 0
    for text, (_, tree) in statements.items():
        for conflict in nodes(tree, ast.OnConflictClause):
            found += conflict.action == enums.OnConflictAction.ONCONFLICT_UPDATE
            called = functions((conflict.targetList, conflict.whereClause))
            assert {name for name in called if kinds.get(name) != {IMMUTABLE}} == set(), named[text]
            assert list(nodes((conflict.targetList, conflict.whereClause), ast.SubLink)) == [], named[text]
    assert found > 5


def test_no_update_and_no_delete_calls_a_volatile_function(server, named, statements):
    kinds = volatilities(server)
    found = 0
    for text, (_, tree) in statements.items():
        for changing in nodes(tree, (ast.UpdateStmt, ast.DeleteStmt)):
            found += 1
            called = functions((getattr(changing, "targetList", None), changing.whereClause))
            assert {name for name in called if VOLATILE in kinds.get(name, set())} == set(), named[text]
    assert found > 5


def test_the_columns_of_a_common_table_are_named_in_its_select(named, statements):
    found = 0
    for text, (_, tree) in statements.items():
        for table in nodes(tree, ast.CommonTableExpr):
            found += 1
            assert not table.aliascolnames, named[text]
    assert found > 5


def test_no_statement_skips_locked_rows_or_merges(named, statements):
    for text, (_, tree) in statements.items():
        skipping = [
            lock for lock in nodes(tree, ast.LockingClause) if lock.waitPolicy == enums.LockWaitPolicy.LockWaitSkip
        ]
        assert skipping == [], named[text]
        assert list(nodes(tree, (ast.MergeStmt, ast.CreateTrigStmt))) == [], named[text]


@pytest.mark.parametrize("path", MIGRATIONS)
def test_a_foreign_key_is_inline_names_the_project_and_a_table_of_its_own_migration(path):
    made = {}
    for table in nodes(migration(path), ast.CreateStmt):
        made[table.relation.relname] = {column.colname for column in nodes(table.tableElts, ast.ColumnDef)}
    inline = [key for table in nodes(migration(path), ast.CreateStmt) for key in references(table.tableElts)]
    assert len(inline) == len(references(migration(path)))
    for key in inline:
        assert key.pktable.relname in made
        if "project_id" in made[key.pktable.relname]:
            assert "project_id" in {column.sval for column in key.pk_attrs}


def references(tree):
    return [key for key in nodes(tree, ast.Constraint) if key.contype == enums.ConstrType.CONSTR_FOREIGN]


@pytest.mark.parametrize("path", MIGRATIONS)
def test_a_migration_creates_no_trigger(path):
    assert list(nodes(migration(path), (ast.CreateTrigStmt, ast.MergeStmt))) == []
