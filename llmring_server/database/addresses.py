"""The database's addresses, direct and through a pooler, and the required settings of every session."""

import contextlib
from typing import Any

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.json import set_json_loads

from llmring_server.errors import StartupError
from llmring_server.settings import Settings

URL, DIRECT_URL = "LLMRING_DATABASE_URL", "LLMRING_DATABASE_DIRECT_URL"
CONNECT_SECONDS = 5
UTC_NAMES = ("UTC", "Etc/UTC")
# Statistics sort and hash tens of thousands of sums; JIT compilation of such a query takes longer than running it.
TUNING = "-c work_mem=16MB -c jit=off"


class Addresses(msgspec.Struct, frozen=True):
    """The database's addresses, as libpq's connection strings.

    `direct` is PostgreSQL's own; its sessions set our schema, UTC and our tuning in the startup options. `pooled` is
    what the pool connects to: the same, or a pooler's. A pooler shares sessions between clients, so the settings come
    from the role in PostgreSQL instead.
    """

    direct: str
    pooled: str

    @property
    def pooler(self) -> bool:
        """Whether the pool connects through a pooler."""
        return self.direct != self.pooled


class Session(msgspec.Struct, frozen=True):
    """The row of `SESSION`: the first schema in the search path, the time zone, the role and the database."""

    schema: str
    zone: str
    role: str
    database: str


SESSION = """
    SELECT btrim(split_part(current_setting('search_path'), ',', 1), ' "') AS schema,
        current_setting('TimeZone') AS zone, current_user AS role, current_database() AS database
"""


def find(settings: Settings, url: str) -> Addresses:
    """Return the addresses of the database at `url`, with `LLMRING_DATABASE_DIRECT_URL` when that is given.

    Raises:
        StartupError: an address is invalid, or only the direct one is given.
    """
    given = settings.database_direct_url
    if given is None:
        direct = _with_options(settings.database_schema, _parse(URL, url))
        return Addresses(direct, direct)
    if settings.embedded:
        raise StartupError(f"{DIRECT_URL} is PostgreSQL's own address behind the pooler at {URL}; set that too")
    own = _with_options(settings.database_schema, _parse(DIRECT_URL, given.get_secret_value()))
    return Addresses(own, make_conninfo("", **_parse(URL, url)))


def check(found: Session, schema: str) -> None:
    """Check that a session of the pool has the required settings.

    Raises:
        StartupError: it has another schema or time zone; the message names the statements to run.
    """
    if found.schema != schema or found.zone not in UTC_NAMES:
        role = f'ALTER ROLE "{found.role}" IN DATABASE "{found.database}" SET'
        raise StartupError(
            f"sessions through {URL} have the schema {found.schema!r} and the time zone {found.zone!r}; they need "
            f"{schema!r} and 'UTC'. Behind a pooler, run in PostgreSQL itself: {role} search_path = {schema}; "
            f"{role} timezone = 'UTC'; then let the pooler reconnect"
        )


async def configure_json(connection: psycopg.AsyncConnection[Any]) -> None:
    """Load JSON columns as `msgspec.Raw`, with every digit as stored."""
    set_json_loads(msgspec.Raw, connection)


async def configure(connection: psycopg.AsyncConnection[Any]) -> None:
    """Configure JSON, and let the server cancel statements of closed connections; a pooler's role has that setting."""
    await configure_json(connection)
    with contextlib.suppress(psycopg.DataError):  # a server on Windows cannot watch its clients
        await connection.execute("SET client_connection_check_interval = '1s'")


def _with_options(schema: str, parts: dict[str, Any]) -> str:
    """Return a connection string whose sessions have our schema, UTC and our tuning."""
    options = f"{parts.get('options', '')} -c search_path={schema} -c timezone=UTC {TUNING}".strip()
    return make_conninfo("", **{**parts, "options": options})


def _parse(variable: str, url: str) -> dict[str, Any]:
    """Return the parts of an address, with a connect timeout and our name; errors omit it, as it has a password."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise StartupError(f"{variable} is not a PostgreSQL connection string") from error
    return {"connect_timeout": CONNECT_SECONDS, "application_name": "llmring-server", **given}
