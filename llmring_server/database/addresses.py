"""Where the database is: PostgreSQL's own address and that of a pooler before it, and what every session must have."""

from typing import Any

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from llmring_server.errors import StartupError
from llmring_server.settings import Settings

URL, DIRECT_URL = "LLMRING_DATABASE_URL", "LLMRING_DATABASE_DIRECT_URL"
CONNECT_SECONDS = 5
UTC_NAMES = ("UTC", "Etc/UTC")
# Statistics sort and hash tens of thousands of sums; compiling such a query takes longer than running it.
TUNING = "-c work_mem=16MB -c jit=off"


class Addresses(msgspec.Struct, frozen=True):
    """The database's addresses, as libpq's connection strings.

    `direct` leads to PostgreSQL itself; every session asks there for our schema, UTC and our tuning. `pooled` is what
    the pool connects to: the same, or a pooler's. A pooler lends one session to many of us, so nothing is asked of it:
    the role has these settings in PostgreSQL.
    """

    direct: str
    pooled: str

    @property
    def pooler(self) -> bool:
        """Whether a pooler stands before PostgreSQL."""
        return self.direct != self.pooled


class Session(msgspec.Struct, frozen=True):
    """What `SESSION` tells of a session: the schema it reads first, its time zone, and whose session it is."""

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
        StartupError: an address does not parse, or only a direct one is given.
    """
    given = settings.database_direct_url
    if given is None:
        direct = _asking(settings.database_schema, _parts(URL, url))
        return Addresses(direct, direct)
    if settings.embedded:
        raise StartupError(f"{DIRECT_URL} is PostgreSQL's own address behind the pooler at {URL}; set that too")
    own = _asking(settings.database_schema, _parts(DIRECT_URL, given.get_secret_value()))
    return Addresses(own, make_conninfo("", **_parts(URL, url)))


def check(found: Session, schema: str) -> None:
    """Hold one of the pool's sessions against what every session must have.

    Raises:
        StartupError: it reads another schema or has another time zone; the message says what to run.
    """
    if found.schema != schema or found.zone not in UTC_NAMES:
        role = f'ALTER ROLE "{found.role}" IN DATABASE "{found.database}" SET'
        raise StartupError(
            f"sessions through {URL} have the schema {found.schema!r} and the time zone {found.zone!r}; they need "
            f"{schema!r} and 'UTC'. Behind a pooler, run in PostgreSQL itself: {role} search_path = {schema}; "
            f"{role} timezone = 'UTC'; and have the pooler connect anew"
        )


def _asking(schema: str, parts: dict[str, Any]) -> str:
    """Return a connection string whose sessions have our schema, UTC and our tuning."""
    options = f"{parts.get('options', '')} -c search_path={schema} -c timezone=UTC {TUNING}".strip()
    return make_conninfo("", **{**parts, "options": options})


def _parts(variable: str, url: str) -> dict[str, Any]:
    """Return the parts of an address, with a bounded connect and our name; it is not repeated: it holds a password."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise StartupError(f"{variable} is no PostgreSQL connection string") from error
    return {"connect_timeout": CONNECT_SECONDS, "application_name": "llmring-server", **given}
