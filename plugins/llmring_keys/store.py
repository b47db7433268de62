"""Projects and keys in PostgreSQL; every change is told to the other processes in its own transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from llmring_keys.models import KeptKey, Key, Project, Refused
from llmring_server.database import Database, Notifications
from llmring_server.database.pool import Connection

TOPIC = "keys"
LOOKUP_SECONDS = 1.0

FIND = """
    SELECT project_id, key_id, hash, name, scopes, created_at, expires_at, revoked_at, last_used_at,
        rotated_from, grace_until
    FROM project_keys
    WHERE hash = ANY(%(hashes)s)
"""
LIST = """
    SELECT project_id, key_id, name, scopes, created_at, expires_at, revoked_at, last_used_at, rotated_from, grace_until
    FROM project_keys
    WHERE (%(project)s::text IS NULL OR project_id = %(project)s)
        AND (%(key_id)s::text IS NULL OR key_id = %(key_id)s)
    ORDER BY created_at, key_id
"""
PROJECTS = "SELECT project_id, name, created_at FROM projects ORDER BY created_at, project_id"
FOUND = """
    INSERT INTO projects (project_id, name, created_at) VALUES (%(project_id)s, %(name)s, %(created_at)s)
    ON CONFLICT (project_id) DO NOTHING
"""
ADD = """
    INSERT INTO project_keys (project_id, key_id, hash, name, scopes, created_at, expires_at, rotated_from)
    VALUES (%(project_id)s, %(key_id)s, %(hash)s, %(name)s, %(scopes)s, %(created_at)s, %(expires_at)s,
        %(rotated_from)s)
"""
RETIRE = """
    UPDATE project_keys SET grace_until = %(grace_until)s
    WHERE project_id = %(project)s AND key_id = %(key_id)s AND grace_until IS NULL AND revoked_at IS NULL
    RETURNING hash
"""
REVOKE = """
    UPDATE project_keys SET revoked_at = %(now)s
    WHERE project_id = %(project)s AND key_id = %(key_id)s AND revoked_at IS NULL
    RETURNING hash
"""
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(hash)s, 0))"
USED = """
    UPDATE project_keys SET last_used_at = %(at)s
    WHERE project_id = %(project)s AND key_id = %(key_id)s
        AND (last_used_at IS NULL OR last_used_at < %(at)s::timestamptz - interval '1 minute')
"""


class KeyStore:
    """The tables `projects` and `project_keys`."""

    def __init__(self, database: Database, channel: Notifications) -> None:
        self._database = database
        self._channel = channel

    async def find(self, hashes: Sequence[bytes]) -> list[KeptKey | None]:
        """Return the key of each hash, whatever its state; waits `LOOKUP_SECONDS` at most."""
        async with self._database.connection(LOOKUP_SECONDS) as connection:
            found = await _find(connection, hashes)
        return [found.get(digest) for digest in hashes]

    async def listing(self, project: str | None) -> list[Key]:
        """Return the keys of a project, or of all, oldest first."""
        return await self._database.rows(Key, LIST, {"project": project, "key_id": None})

    async def get(self, project: str | None, key_id: str) -> Key | None:
        """Return one key; without a project, for those who look after all of them, whosever it is."""
        return await self._database.one(Key, LIST, {"project": project, "key_id": key_id})

    async def projects(self) -> list[Project]:
        """Return every project, oldest first."""
        return await self._database.rows(Project, PROJECTS)

    async def add(self, key: KeptKey, new: Project | None = None) -> None:
        """Keep a key; its project is made first when it is `new`, and left as it is when it is there already.

        Raises:
            Refused: its project is not there, or its text is a key already.
        """
        try:
            async with self._database.transaction() as connection:
                await connection.execute(LOCK, {"hash": key.hash.hex()})
                kept = (await _find(connection, [key.hash])).get(key.hash)
                if kept is not None:
                    mine = kept.project_id == key.project_id
                    raise Refused(f"this key is known already, {f'as {kept.key_id}' if mine else 'in another project'}")
                if new is not None:
                    await connection.execute(FOUND, _values(new))
                await connection.execute(ADD, _values(key))
                await self._tell(connection, key.hash)
        except psycopg.errors.ForeignKeyViolation as error:
            raise Refused(f"there is no project {key.project_id!r}") from error

    async def rotate(self, successor: KeptKey, grace_until: datetime) -> bool:
        """Keep a key's successor and let the old one end; False when it was rotated or revoked meanwhile."""
        old = {"project": successor.project_id, "key_id": successor.rotated_from, "grace_until": grace_until}
        async with self._database.transaction() as connection:
            if not await self._changed(connection, RETIRE, old):
                return False
            await connection.execute(ADD, _values(successor))
            await self._tell(connection, successor.hash)
        return True

    async def revoke(self, project: str, key_id: str, now: datetime) -> bool:
        """End a key at once; False when there was none to end."""
        async with self._database.transaction() as connection:
            return await self._changed(connection, REVOKE, {"project": project, "key_id": key_id, "now": now})

    async def used(self, times: Mapping[tuple[str, str], datetime]) -> None:
        """Note when keys, by project and id, were last used; what is noted within a minute of another is left out."""
        rows = [{"project": project, "key_id": key_id, "at": at} for (project, key_id), at in sorted(times.items())]
        async with self._database.connection() as connection, connection.cursor() as cursor:
            await cursor.executemany(USED, rows)

    async def _changed(self, connection: Connection, statement: Any, params: dict[str, Any]) -> bool:
        row = await (await connection.execute(statement, params)).fetchone()
        if row:
            await self._tell(connection, row[0])
        return row is not None

    async def _tell(self, connection: Connection, digest: bytes) -> None:
        await connection.execute(Notifications.NOTIFY, self._channel.payload(TOPIC, digest.hex()))


async def _find(connection: Connection, hashes: Sequence[bytes]) -> dict[bytes, KeptKey]:
    async with connection.cursor(row_factory=class_row(KeptKey)) as cursor:
        await cursor.execute(FIND, {"hashes": list(hashes)})
        return {key.hash: key async for key in cursor}


def _values(row: KeptKey | Project) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}
