"""The log in PostgreSQL: its state, queue, leaves and tiles."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncCursor
from psycopg.rows import class_row

from llmring_server.database import Database
from llmring_server.database.connections import Connection
from llmring_server.tlog import notes
from llmring_server.tlog.leaves import SALT_BYTES
from llmring_server.tlog.notes import Note
from llmring_server.tlog.tiles import Tile
from llmring_transparency.models import LeafRecord, LogKey, LogState, NumberedRow, QueueItem, QueueRow

ENTRIES_LEVEL = -1

LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('llmring transparency ' || current_schema(), 0)) AS mine"
WAIT_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('llmring transparency ' || current_schema(), 0))"
STATE = """
    SELECT origin, size, root, checkpoint, cosigned_size, cosigned, key_events, alarm FROM transparency_log
"""
BEGIN = """
    INSERT INTO transparency_log (only_row, origin, size, root, cosigned_size, key_events)
    VALUES (true, %(origin)s, 0, %(root)s, 0, 0)
    ON CONFLICT (only_row) DO NOTHING
"""
ADD_KEY = (
    "INSERT INTO transparency_keys (vkey, since) VALUES (%(vkey)s, now()) ON CONFLICT (vkey) DO NOTHING RETURNING vkey"
)
KEYS = "SELECT vkey, since FROM transparency_keys ORDER BY since, vkey"
# msgspec writes bytes as base64.
PUT = """
    INSERT INTO transparency_queue (project_id, kind, reference, content, queued_at)
    SELECT project_id, kind, reference, decode(content, 'base64'), now()
    FROM ROWS FROM (
        json_to_recordset(%(queued)s::json) AS (project_id text, kind smallint, reference text, content text)
    ) WITH ORDINALITY AS input (project_id, kind, reference, content, place)
    ORDER BY place
"""
WAITING = """
    SELECT queue_id, project_id, kind, content
    FROM transparency_queue WHERE queue_id > %(after)s ORDER BY queue_id LIMIT %(limit)s
"""
TILES = """
    SELECT level, number, content FROM transparency_tiles
    JOIN unnest(%(levels)s::smallint[], %(numbers)s::bigint[]) AS wanted (level, number) USING (level, number)
"""
COUNTS = "SELECT project_id, receipts FROM transparency_counts WHERE project_id = ANY(%(projects)s)"
# Numbers are sent as an array literal and salts as one value: as lists they would take a third of a batch's time.
MOVE = """
    WITH numbered AS MATERIALIZED (
        SELECT queue_id, seq, place FROM unnest(%(ids)s::bigint[], %(seqs)s::bigint[])
            WITH ORDINALITY AS input (queue_id, seq, place)
    ), taken AS (
        DELETE FROM transparency_queue WHERE queue_id = ANY(%(ids)s::bigint[])
        RETURNING project_id, queue_id, kind, reference, CASE WHEN kind <> 1 THEN content END AS content
    )
    INSERT INTO transparency_leaves (project_id, leaf_index, kind, reference, seq, salt, content, logged_at)
    SELECT project_id, %(first)s + place - 1, kind, reference, seq,
        CASE WHEN kind = 1 THEN substring(%(salts)s::bytea FROM (32 * (place - 1) + 1)::int FOR 32) END, content, now()
    FROM taken JOIN numbered USING (queue_id)
"""
SET_COUNTS = """
    INSERT INTO transparency_counts (project_id, receipts)
    SELECT project_id, receipts
    FROM unnest(%(projects)s::text[], %(receipts)s::bigint[]) AS input (project_id, receipts)
    ON CONFLICT (project_id) DO UPDATE SET receipts = excluded.receipts
"""
SET_TILES = """
    INSERT INTO transparency_tiles (level, number, content)
    SELECT level, number, content
    FROM unnest(%(levels)s::smallint[], %(numbers)s::bigint[], %(contents)b::bytea[]) AS input (level, number, content)
    ON CONFLICT (level, number) DO UPDATE SET content = excluded.content
"""
SET_STATE = "UPDATE transparency_log SET size = %(size)s, root = %(root)s, checkpoint = %(checkpoint)s WHERE only_row"
SET_KEY_EVENTS = "UPDATE transparency_log SET key_events = %(number)s WHERE only_row"
LOCKED_COSIGNED = "SELECT cosigned_size, cosigned FROM transparency_log WHERE only_row FOR UPDATE"
SET_COSIGNED = """
    UPDATE transparency_log SET cosigned_size = %(size)s, cosigned = %(note)s
    WHERE only_row AND cosigned_size <= %(size)s AND size >= %(size)s
"""
SET_ALARM = "UPDATE transparency_log SET alarm = %(alarm)s WHERE only_row"
OLDEST = "SELECT queued_at FROM transparency_queue WHERE queue_id > %(after)s ORDER BY queue_id LIMIT 1"
LEAF = """
    SELECT project_id, leaf_index, kind, reference, seq, salt, content FROM transparency_leaves
    WHERE project_id = %(project)s AND kind = %(kind)s AND reference = %(reference)s
    ORDER BY leaf_index LIMIT 1
"""
WAITS = """
    SELECT queue_id FROM transparency_queue
    WHERE project_id = %(project)s AND kind = %(kind)s AND reference = %(reference)s LIMIT 1
"""
PUBLIC_LEAVES = """
    SELECT project_id, leaf_index, kind, reference, seq, salt, content FROM transparency_leaves
    WHERE project_id = '' AND leaf_index > %(after)s ORDER BY leaf_index LIMIT %(limit)s
"""
DESTROY_SALT = """
    UPDATE transparency_leaves SET salt = NULL
    WHERE project_id = %(project)s AND leaf_index = %(index)s AND salt IS NOT NULL
"""


class LogStore:
    """The tables of the log. Methods with a connection run in its transaction, the others in a separate one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lock(self, connection: Connection, *, wait: bool = False) -> bool:
        """Lock the log for changes until the transaction ends; without `wait`, return False if it is locked."""
        if wait:
            await connection.execute(WAIT_LOCK)
            return True
        found = await (await connection.execute(LOCK)).fetchone()
        return bool(found and found[0])

    async def create(self, connection: Connection, origin: str, root: bytes) -> None:
        """Create the empty log unless it exists."""
        await connection.execute(BEGIN, {"origin": origin, "root": root})

    async def add_key(self, connection: Connection, vkey: str) -> bool:
        """Add a checkpoint key, and return whether it is new."""
        return await (await connection.execute(ADD_KEY, {"vkey": vkey})).fetchone() is not None

    async def keys(self) -> list[LogKey]:
        """Return every key that has signed checkpoints, oldest first."""
        return await self._database.rows(LogKey, KEYS)

    async def state(self, connection: Connection | None = None) -> LogState | None:
        """Return the log's state, or None before the log exists."""
        if connection is None:
            return await self._database.one(LogState, STATE)
        async with connection.cursor(row_factory=class_row(LogState)) as cursor:
            return await (await cursor.execute(STATE)).fetchone()

    async def put(self, connection: Connection, queued: Sequence[QueueItem]) -> None:
        """Append to the queue, in this order."""
        await connection.execute(PUT, {"queued": msgspec.json.encode(queued).decode()})

    async def queue_rows(self, connection: Connection, limit: int, after: int) -> list[QueueRow]:
        """Return the oldest queue rows with an id above `after`."""
        async with connection.cursor(binary=True) as cursor:
            await cursor.execute(WAITING, {"limit": limit, "after": after})
            return [QueueRow(*row) for row in await cursor.fetchall()]

    async def tiles(self, wanted: Iterable[Tile], connection: Connection | None = None) -> dict[Tile, bytes]:
        """Return the content of existing tiles; level -1 has the entries."""
        tiles = list(wanted)
        parameters = {"levels": [tile.level for tile in tiles], "numbers": [tile.number for tile in tiles]}
        if connection is None:
            async with self._database.connection() as own:
                return await self.tiles(tiles, own)
        async with connection.cursor(binary=True) as cursor:
            await cursor.execute(TILES, parameters)
            return {Tile(level, number): content for level, number, content in await cursor.fetchall()}

    async def counts(self, connection: Connection, projects: Iterable[str]) -> dict[str, int]:
        """Return the number of receipts in the log per project; projects without any are omitted."""
        found = await connection.execute(COUNTS, {"projects": list(projects)})
        return dict(await found.fetchall())

    async def move_to_leaves(
        self, connection: Connection, first: int, numbered: Sequence[NumberedRow]
    ) -> "AsyncCursor[Any]":
        """Move queue rows to leaves, from index `first` on; the cursor's `rowcount` is the number of rows moved."""
        columns = {
            "first": first,
            "ids": _array(one.queue_id for one in numbered),
            "seqs": _array(one.seq for one in numbered),
            "salts": b"".join(one.salt or bytes(SALT_BYTES) for one in numbered),
        }
        return await connection.execute(MOVE, columns)

    async def set_counts(self, connection: Connection, counts: Mapping[str, int]) -> None:
        """Store the number of receipts in the log per project."""
        parameters = {"projects": list(counts), "receipts": list(counts.values())}
        await connection.execute(SET_COUNTS, parameters)

    async def set_tiles(self, connection: Connection, rows: Mapping[Tile, bytes]) -> None:
        """Store tiles that are new or have grown."""
        levels, numbers = [tile.level for tile in rows], [tile.number for tile in rows]
        await connection.execute(SET_TILES, {"levels": levels, "numbers": numbers, "contents": list(rows.values())})

    async def set_state(self, connection: Connection, size: int, root: bytes, checkpoint: bytes) -> None:
        """Store the log's size and root, and its newest checkpoint."""
        await connection.execute(SET_STATE, {"size": size, "root": root, "checkpoint": checkpoint})

    async def set_key_events(self, connection: Connection, number: int) -> None:
        """Store the number of the last receipt key event that was queued."""
        await connection.execute(SET_KEY_EVENTS, {"number": number})

    async def set_cosigned(self, size: int, note: Note) -> None:
        """Store a cosigned checkpoint unless a newer one is stored; cosignatures of the same one are merged."""
        async with self._database.transaction() as connection:
            found = await (await connection.execute(LOCKED_COSIGNED)).fetchone()
            if found and found[0] == size and found[1]:
                note = notes.parse(found[1]).merge(note)
            await connection.execute(SET_COSIGNED, {"size": size, "note": note.content()})

    async def set_alarm(self, alarm: str | None, connection: Connection | None = None) -> None:
        """Store why signing is stopped; None lets the log sign again."""
        if connection is None:
            await self._database.execute(SET_ALARM, {"alarm": alarm})
        else:
            await connection.execute(SET_ALARM, {"alarm": alarm})

    async def oldest_queued_at(self, after: int) -> datetime | None:
        """Return when the oldest queue row with an id above `after` was queued (UTC), or None."""
        found = await self._database.fetch(OLDEST, {"after": after})
        return found[0]["queued_at"] if found else None

    async def leaf(self, project: str, kind: int, reference: str) -> LeafRecord | None:
        """Return the leaf of a project's receipt or statement, or None."""
        return await self._database.one(LeafRecord, LEAF, {"project": project, "kind": kind, "reference": reference})

    async def is_queued(self, project: str, kind: int, reference: str) -> bool:
        """Return whether a project's receipt or statement waits for its leaf."""
        return bool(await self._database.fetch(WAITS, {"project": project, "kind": kind, "reference": reference}))

    async def public_leaves(self, after: int, limit: int) -> list[LeafRecord]:
        """Return the first public leaves, key events and tombstones, after an index, in order."""
        return await self._database.rows(LeafRecord, PUBLIC_LEAVES, {"after": after, "limit": limit})

    async def destroy_salt(self, connection: Connection, project: str, index: int) -> bool:
        """Destroy the salt of a receipt's leaf, and return whether there was one."""
        return (await connection.execute(DESTROY_SALT, {"project": project, "index": index})).rowcount > 0


def _array(numbers: Iterable[int | None]) -> str:
    """Return numbers as a PostgreSQL array literal."""
    return "{" + ",".join("NULL" if number is None else str(number) for number in numbers) + "}"
