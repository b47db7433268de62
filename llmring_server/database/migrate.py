"""Migrations with yoyo, under an advisory lock, so that any number of processes may start at the same time.

yoyo's own lock is a row that outlives a killed process; ours belongs to a session and ends with it. A migration
commits before yoyo marks it as applied; if the process is killed in between, the migration is run again, so every
migration must be safe to run again.
"""

import glob
import logging
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg
import yoyo
import yoyo.backends
from psycopg import sql
from psycopg.conninfo import make_conninfo

from llmring_server.bundled import migration_ids
from llmring_server.database.ownership import MIGRATION_TABLE, check_tables, created_tables
from llmring_server.database.waiting import REFUSED
from llmring_server.errors import DatabaseDown, StartupError

log = logging.getLogger(__name__)

LOCK_WAIT = "300s"
SHOWN_CHARACTERS = 160
COMMENT = re.compile(r"--[^\n]*")


class Source(msgspec.Struct, frozen=True):
    """One owner's folder of migrations, and its tables with projects' data that stay local on a Citus cluster.

    Tables of a `bundled` owner may have any name, others begin with the owner's.
    """

    owner: str
    folder: Path
    local: tuple[str, ...] = ()
    bundled: bool = False

    def ids(self) -> list[str]:
        """Return the migrations' ids, sorted.

        Raises:
            StartupError: there are none.
        """
        return migration_ids(self.folder, self.owner)

    def texts(self) -> dict[str, str]:
        """Return the SQL of each migration by id; '' for those in Python."""
        return {
            id_: path.read_text(encoding="utf-8") if (path := self.folder / f"{id_}.sql").exists() else ""
            for id_ in self.ids()
        }


class State(msgspec.Struct, frozen=True):
    """One migration and whether it has been applied."""

    owner: str
    id: str
    applied: bool


class Address(NamedTuple):
    """The database's address for yoyo: libpq's connection string, unchanged."""

    conninfo: str
    database: str | None = None


class MigrationCursor(psycopg.Cursor[Any]):
    """A cursor whose errors have the failing statement as a note."""

    def execute(self, query: Any, *given: Any, **options: Any) -> "MigrationCursor":
        """Execute a statement, as `psycopg.Cursor` does."""
        try:
            return super().execute(query, *given, **options)
        except psycopg.Error as error:
            error.add_note(_shorten(str(query)))
            raise


class Backend(yoyo.backends.PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo's backend in one session, which also holds our lock; yoyo's lock table is not used."""

    def connect(self, dburi: Address) -> psycopg.Connection[Any]:
        """Open a connection in autocommit mode, as yoyo expects; its own addresses do not support all of libpq's."""
        return psycopg.connect(dburi.conninfo, autocommit=True, cursor_factory=MigrationCursor)

    @contextmanager
    def lock(self, timeout: float = 10) -> Iterator[None]:
        """Do not take yoyo's lock, a row that outlives a killed process: the session holds ours."""
        yield

    @contextmanager
    def copy(self) -> Iterator["Backend"]:
        """Run each migration in the session that holds the lock, so that lock and migration end together."""
        yield self

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
        """Return yoyo's log entry without user and host names, whose lookup can hang or fail in a container."""
        return {
            "id": str(uuid.uuid4()),
            "migration_id": migration.id if migration else None,
            "migration_hash": migration.hash if migration else None,
            "username": "llmring-server",
            "hostname": "",
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
            "operation": operation,
        }


def check(sources: Sequence[Source]) -> None:
    """Check the ids and tables of all sources before connecting.

    Raises:
        StartupError: a source is empty, an id or a table lacks its owner's prefix, or two sources share one.
    """
    owners: dict[str, str] = {}
    tables: dict[str, tuple[str, str]] = {}
    for source in sources:
        for id_, text in source.texts().items():
            other = owners.setdefault(id_, source.owner)
            if other != source.owner:
                raise StartupError(f"migration {id_!r} belongs to plugin {other!r} and plugin {source.owner!r}")
            if not id_.startswith(f"{source.owner}-"):
                raise StartupError(
                    f"migration {id_!r} of plugin {source.owner!r} must be named {source.owner}-<number>-<description>"
                )
            for table in created_tables(text):
                _check_table(source, id_, table, tables.setdefault(table, (source.owner, id_)))


def _check_table(source: Source, id_: str, table: str, first: tuple[str, str]) -> None:
    prefix = source.owner.replace("-", "_")
    if first[0] != source.owner:
        raise StartupError(
            f"table {table!r} is created by migration {first[1]} of plugin {first[0]!r} and migration {id_} of plugin "
            f"{source.owner!r}; choose another name, {prefix}_…"
        )
    if not (source.bundled or table.startswith(prefix)):
        raise StartupError(
            f"table {table!r} of migration {id_} of plugin {source.owner!r} must begin with the plugin's name: "
            f"{prefix}_…"
        )


def apply(conninfo: str, schema: str, sources: Sequence[Source]) -> list[str]:
    """Apply the pending migrations, and return their ids. Blocks; waits for another process that applies them.

    Raises:
        StartupError: a migration fails, or one is still pending afterwards.
    """
    with hold_lock(conninfo, schema, sources) as backend:
        pending = _pending(backend, sources)
        owners = {id_: source.owner for source in sources for id_ in source.ids()}
        for migration in pending:
            try:
                backend.apply_one(migration)
            except Exception as error:  # a migration in Python may raise anything
                raise StartupError(_describe_failure(owners[migration.id], migration.id, error)) from error
        left = [migration.id for migration in _pending(backend, sources)]
    if left:
        raise StartupError(f"migrations still pending after they were run: {', '.join(left)}")
    applied = [migration.id for migration in pending]
    if applied:
        log.info("applied %d migrations: %s", len(applied), ", ".join(applied))
    return applied


def status(conninfo: str, schema: str, sources: Sequence[Source]) -> list[State]:
    """Return every migration of `sources` and whether it has been applied. Blocks."""
    with hold_lock(conninfo, schema, sources) as backend:
        pending = {migration.id for migration in _pending(backend, sources)}
    return [State(source.owner, id_, id_ not in pending) for source in sources for id_ in source.ids()]


def check_database(conninfo: str, schema: str, sources: Sequence[Source]) -> None:
    """Check that the schema's tables are of `sources`, for a start that does not migrate. Blocks.

    Raises:
        StartupError: they are of another application or of a newer version, or the database cannot be reached.
    """
    try:
        with psycopg.connect(conninfo, autocommit=True) as session:
            check_tables(session, schema, _texts(sources))
    except psycopg.OperationalError as error:
        raise StartupError(f"the database cannot be reached: {_one_line(error)}") from error


def _texts(sources: Sequence[Source]) -> dict[str, str]:
    return {id_: text for source in sources for id_, text in source.texts().items()}


def _pending(backend: Backend, sources: Sequence[Source]) -> Any:
    return backend.to_apply(yoyo.read_migrations(*(glob.escape(str(source.folder)) for source in sources)))


@contextmanager
def hold_lock(conninfo: str, schema: str, sources: Sequence[Source]) -> Iterator[Backend]:
    """Hold this schema's migration lock in yoyo's session, and yield its backend.

    When this process is killed, its session finishes the running statement before it releases the lock.

    Raises:
        StartupError: the database cannot be used, or its tables are not of `sources`; nothing was changed.
    """
    try:
        with Backend(Address(make_conninfo(conninfo)), MIGRATION_TABLE) as backend:
            session = backend.connection
            _check_encoding(session)
            with suppress(psycopg.DataError):  # a server on Windows cannot watch its clients
                session.execute("SET client_connection_check_interval = '1s'")
            session.execute(sql.SQL("SET lock_timeout = {}").format(LOCK_WAIT))
            session.execute("SELECT pg_advisory_lock(hashtext('llmring migrations'), hashtext(%s))", [schema])
            check_tables(session, schema, _texts(sources))
            session.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
            yield backend
    except psycopg.errors.LockNotAvailable as error:
        raise StartupError(f"another process has held the migration lock for {LOCK_WAIT}; end it first") from error
    except psycopg.OperationalError as error:
        kind = StartupError if isinstance(error, REFUSED) else DatabaseDown
        raise kind(f"the database cannot be reached for its migrations: {_one_line(error)}") from error


def _describe_failure(owner: str, id_: str, error: Exception) -> str:
    statement = "; ".join(getattr(error, "__notes__", ()))
    where = f"; statement: {statement}" if statement else ""
    return f"plugin {owner!r}: migration {id_} fails: {type(error).__name__}: {_one_line(error)}{where}"


def _shorten(statement: str) -> str:
    line = " ".join(COMMENT.sub(" ", statement).split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]}…"


def _check_encoding(session: psycopg.Connection[Any]) -> None:
    """Reject a database whose encoding is not UTF-8, which cannot store all text."""
    encoding = session.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StartupError(
            f"the database {session.info.dbname!r} has the encoding {encoding}; create one with UTF8: "
            "createdb --encoding=UTF8 --template=template0 NAME"
        )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
