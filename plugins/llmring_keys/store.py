"""Projects and keys in PostgreSQL; every change notifies the other processes in its transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from llmring_keys.models import KeyOperationError, Project, ProjectKey, StoredKey
from llmring_server.contracts.projects import ManagedProject
from llmring_server.database import Database, Notifications
from llmring_server.database.connections import Connection
from llmring_server.database.required_plugins import require_plugin

TOPIC = "keys"
LOOKUP_SECONDS = 1.0
REQUIRED_BECAUSE = "it has managed keys, and without the plugin any key opens a project, even a revoked one"

FIND = """
    SELECT project_id, key_id, hash, name, scopes, created_at, expires_at, revoked_at, last_used_at,
        rotated_from, grace_until
    FROM project_keys
    WHERE hash = ANY(%(hashes)s)
"""
LIST_KEYS = """
    SELECT project_id, key_id, name, scopes, created_at, expires_at, revoked_at, last_used_at, rotated_from, grace_until
    FROM project_keys
    WHERE (%(project)s::text IS NULL OR project_id = %(project)s)
        AND (%(key_id)s::text IS NULL OR key_id = %(key_id)s)
    ORDER BY created_at, key_id
"""
FIND_UNREVOKED = """
    SELECT project_id, key_id FROM project_keys
    WHERE (project_id, key_id) IN (SELECT * FROM unnest(%(projects)s::text[], %(keys)s::text[])) AND revoked_at IS NULL
"""
LIST_PROJECTS = "SELECT project_id, name, created_at FROM projects ORDER BY created_at, project_id"
FIND_PROJECTS = """
    SELECT projects.project_id, projects.name, count(key_id) AS keys
    FROM projects LEFT JOIN project_keys AS valid ON valid.project_id = projects.project_id
        AND least(expires_at, revoked_at, grace_until, 'infinity') > now()
    WHERE projects.project_id = ANY(%(projects)s)
    GROUP BY projects.project_id
"""
ADD_PROJECT = """
    INSERT INTO projects (project_id, name, created_at) VALUES (%(project_id)s, %(name)s, %(created_at)s)
    ON CONFLICT (project_id) DO NOTHING
"""
ADD_KEY = """
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
SET_LAST_USED = """
    UPDATE project_keys SET last_used_at = %(at)s
    WHERE project_id = %(project)s AND key_id = %(key_id)s
        AND (last_used_at IS NULL OR last_used_at < %(at)s::timestamptz - interval '1 minute')
"""


class KeyStore:
    """The tables `projects` and `project_keys`."""

    def __init__(self, database: Database, notifications: Notifications) -> None:
        self._database = database
        self._notifications = notifications

    async def require(self) -> None:
        """Record that the database is served with managed keys, so that no replica starts without them."""
        async with self._database.transaction() as connection:
            await require_plugin(connection, "keys", REQUIRED_BECAUSE)

    async def find(self, hashes: Sequence[bytes]) -> list[StoredKey | None]:
        """Return the key of each hash, in any state; waits at most `LOOKUP_SECONDS`."""
        async with self._database.connection(LOOKUP_SECONDS) as connection:
            found = await _find(connection, hashes)
        return [found.get(digest) for digest in hashes]

    async def find_unrevoked(self, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those of the keys, by project and id, that exist and are not revoked."""
        given = {"projects": [project for project, _ in keys], "keys": [key for _, key in keys]}
        return {(row["project_id"], row["key_id"]) for row in await self._database.fetch(FIND_UNREVOKED, given)}

    async def list_keys(self, project: str | None) -> list[ProjectKey]:
        """Return the keys of a project, or of all, oldest first."""
        return await self._database.rows(ProjectKey, LIST_KEYS, {"project": project, "key_id": None})

    async def get(self, project: str | None, key_id: str) -> ProjectKey | None:
        """Return one key, of any project if `project` is None."""
        return await self._database.one(ProjectKey, LIST_KEYS, {"project": project, "key_id": key_id})

    async def list_projects(self) -> list[Project]:
        """Return every project, oldest first."""
        return await self._database.rows(Project, LIST_PROJECTS)

    async def find_projects(self, projects: Sequence[str]) -> dict[str, ManagedProject]:
        """Return those of the projects that exist, with the number of their valid keys."""
        found = await self._database.fetch(FIND_PROJECTS, {"projects": list(projects)})
        return {row["project_id"]: ManagedProject(row["name"], row["keys"]) for row in found}

    async def add(self, key: StoredKey, new: Project | None = None) -> None:
        """Store a key; a `new` project is created first, unless it exists.

        Raises:
            KeyOperationError: the project does not exist, or the key is already registered.
        """
        try:
            async with self._database.transaction() as connection:
                await connection.execute(LOCK, {"hash": key.hash.hex()})
                stored = (await _find(connection, [key.hash])).get(key.hash)
                if stored is not None:
                    mine = stored.project_id == key.project_id
                    place = f"as {stored.key_id}" if mine else "in another project"
                    raise KeyOperationError(f"This key is already registered {place}.")
                if new is not None:
                    await connection.execute(ADD_PROJECT, _values(new))
                await connection.execute(ADD_KEY, _values(key))
                await self._notify(connection, key.hash)
        except psycopg.errors.ForeignKeyViolation as error:
            raise KeyOperationError(f"There is no project {key.project_id!r}.") from error

    async def rotate(self, successor: StoredKey, grace_until: datetime) -> bool:
        """Store a successor and set the end of the old key; return False if that was rotated or revoked meanwhile."""
        old = {"project": successor.project_id, "key_id": successor.rotated_from, "grace_until": grace_until}
        async with self._database.transaction() as connection:
            if not await self._update_and_notify(connection, RETIRE, old):
                return False
            await connection.execute(ADD_KEY, _values(successor))
            await self._notify(connection, successor.hash)
        return True

    async def revoke(self, project: str, key_id: str, now: datetime) -> bool:
        """Revoke a key; return False if there is none that is not revoked."""
        async with self._database.transaction() as connection:
            return await self._update_and_notify(connection, REVOKE, {"project": project, "key_id": key_id, "now": now})

    async def record_uses(self, times: Mapping[tuple[str, str], datetime]) -> None:
        """Record when keys (by project and id) were last used; updates within a minute of another are skipped."""
        rows = [{"project": project, "key_id": key_id, "at": at} for (project, key_id), at in sorted(times.items())]
        async with self._database.connection() as connection, connection.cursor() as cursor:
            await cursor.executemany(SET_LAST_USED, rows)

    async def _update_and_notify(self, connection: Connection, statement: Any, params: dict[str, Any]) -> bool:
        row = await (await connection.execute(statement, params)).fetchone()
        if row:
            await self._notify(connection, row[0])
        return row is not None

    async def _notify(self, connection: Connection, digest: bytes) -> None:
        await connection.execute(Notifications.NOTIFY, self._notifications.payload(TOPIC, digest.hex()))


async def _find(connection: Connection, hashes: Sequence[bytes]) -> dict[bytes, StoredKey]:
    async with connection.cursor(row_factory=class_row(StoredKey)) as cursor:
        await cursor.execute(FIND, {"hashes": list(hashes)})
        return {key.hash: key async for key in cursor}


def _values(row: StoredKey | Project) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}
