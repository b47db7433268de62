"""The registry in PostgreSQL: the last valid copy per source, archived files, and the parts of composed versions."""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from llmring_registry.models import MANIFEST, File
from llmring_server.database import Database

# Without a copy of this source, the newest of another source is used.
CURRENT = """
    SELECT source, path, body, sha256, etag, last_modified, fetched_at
    FROM registry_files JOIN registry_contents USING (sha256)
    WHERE NOT archived AND source = (
        SELECT source FROM registry_files
        WHERE NOT archived AND path <> %(manifest)s
        ORDER BY (source = %(source)s) DESC, fetched_at DESC
        LIMIT 1
    )
    ORDER BY path
"""
NEWEST = "SELECT max(fetched_at) AS newest FROM registry_files WHERE NOT archived AND source = %(source)s"
ARCHIVED = """
    SELECT source, path, body, sha256, etag, last_modified, fetched_at
    FROM registry_files JOIN registry_contents USING (sha256)
    WHERE archived AND source = %(source)s AND path = %(path)s
"""
PARTS = """
    SELECT v.provider, c.body, v.sha256, v.composed_at
    FROM registry_versions v JOIN registry_contents c USING (sha256)
    WHERE v.version = %(version)s
    ORDER BY v.position
"""
COMPOSED = """
    SELECT version, min(composed_at) AS known_at
    FROM registry_versions
    GROUP BY version
    ORDER BY known_at DESC, version
    LIMIT %(limit)s
"""
EDITIONS = """
    SELECT v.provider, c.body, v.sha256, v.composed_at
    FROM (
        SELECT provider, sha256, min(composed_at) AS composed_at FROM registry_versions
        WHERE provider = %(provider)s
        GROUP BY provider, sha256
        ORDER BY composed_at DESC
        LIMIT %(limit)s
    ) v JOIN registry_contents c USING (sha256)
    ORDER BY v.composed_at DESC
"""
INSERT_CONTENT = "INSERT INTO registry_contents (sha256, body) VALUES (%(sha256)s, %(body)s) ON CONFLICT DO NOTHING"
UPSERT_FILE = """
    INSERT INTO registry_files AS kept (source, path, sha256, etag, last_modified, archived, fetched_at)
    VALUES (%(source)s, %(path)s, %(sha256)s, %(etag)s, %(last_modified)s, %(archived)s, %(fetched_at)s)
    ON CONFLICT (source, path) DO UPDATE SET
        sha256 = excluded.sha256,
        etag = excluded.etag,
        last_modified = excluded.last_modified,
        fetched_at = excluded.fetched_at
    WHERE NOT kept.archived AND kept.fetched_at <= excluded.fetched_at
"""
INSERT_PART = """
    INSERT INTO registry_versions (version, position, provider, sha256, composed_at)
    VALUES (%(version)s, %(position)s, %(provider)s, %(sha256)s, now())
    ON CONFLICT DO NOTHING
"""


class StoredFile(File, frozen=True, kw_only=True):
    """A file with the base URL it came from."""

    source: str


class LatestFetch(msgspec.Struct, frozen=True):
    """When any file of a source was last confirmed, UTC."""

    newest: datetime | None


class StoredPart(msgspec.Struct, frozen=True):
    """A provider's file in a composed version."""

    provider: str
    body: bytes
    sha256: str
    composed_at: datetime


class ComposedVersion(msgspec.Struct, frozen=True):
    """A composed version, and when it was first composed, UTC."""

    version: str
    known_at: datetime


class RegistryStore:
    """The tables `registry_*`, for one source."""

    def __init__(self, database: Database, source: str) -> None:
        self._database = database
        self.source = source

    async def current(self) -> list[StoredFile]:
        """Return the last valid copy of this source, else the newest of another source, else nothing."""
        return await self._database.rows(StoredFile, CURRENT, {"source": self.source, "manifest": MANIFEST})

    async def newest(self) -> datetime | None:
        """Return when any process last fetched from this source, UTC."""
        found = await self._database.one(LatestFetch, NEWEST, {"source": self.source})
        return found.newest if found else None

    async def archived(self, path: str) -> File | None:
        """Return an archived file, or None if it was never fetched."""
        return await self._database.one(StoredFile, ARCHIVED, {"source": self.source, "path": path})

    async def parts(self, version: str) -> dict[str, File]:
        """Return provider → file of a composed version, in its order; empty if the version is unknown."""
        rows = await self._database.rows(StoredPart, PARTS, {"version": version})
        return {row.provider: _part(row) for row in rows}

    async def editions(self, provider: str, limit: int) -> list[File]:
        """Return the latest files of a provider in composed versions; `fetched_at` is when each was first composed."""
        return [
            _part(row)
            for row in await self._database.rows(StoredPart, EDITIONS, {"provider": provider, "limit": limit})
        ]

    async def composed(self, limit: int) -> list[ComposedVersion]:
        """Return all stored versions, newest first."""
        return await self._database.rows(ComposedVersion, COMPOSED, {"limit": limit})

    async def save(self, files: Collection[File], version: str, parts: Mapping[str, File]) -> None:
        """Store the current files and the parts of the version composed of them, in one transaction."""
        async with self._database.connection() as connection, connection.cursor() as cursor:
            rows = [self._row(file, archived=False) for file in sorted(files, key=_path)]
            contents = {file.sha256: file.body for file in [*files, *parts.values()]}
            await cursor.executemany(
                INSERT_CONTENT, [{"sha256": sha256, "body": body} for sha256, body in sorted(contents.items())]
            )
            await cursor.executemany(UPSERT_FILE, rows)
            await cursor.executemany(
                INSERT_PART,
                [
                    {"version": version, "position": position, "provider": provider, "sha256": file.sha256}
                    for position, (provider, file) in enumerate(parts.items())
                ],
            )

    async def save_archived(self, file: File) -> None:
        """Store an archived file permanently; an existing one is not replaced."""
        row = self._row(file, archived=True)
        async with self._database.connection() as connection:
            await connection.execute(INSERT_CONTENT, row)
            await connection.execute(UPSERT_FILE, row)

    def _row(self, file: File, *, archived: bool) -> dict[str, object]:
        return {**msgspec.structs.asdict(file), "source": self.source, "archived": archived}


def _part(row: StoredPart) -> File:
    return File(path=row.provider, body=row.body, sha256=row.sha256, fetched_at=row.composed_at)


def _path(file: File) -> str:
    return file.path
