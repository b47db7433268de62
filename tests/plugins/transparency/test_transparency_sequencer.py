"""The sequencer: a turn is taken whole or not at all, also when the database fails."""

import pytest
from transparency_kit import Reader, receipts, store

from llmring_server.testing import eventually
from llmring_transparency.sequencing import queue_cursor
from llmring_transparency.sequencing.queue_cursor import FULL_SCAN_SECONDS, MARGIN_ROWS, QueueCursor
from llmring_transparency.storage.store import LogStore


def kept(server):
    """Return everything that a turn writes."""
    return [
        server.rows(f"SELECT * FROM transparency_{table} ORDER BY 1, 2")
        for table in ("queue", "counts", "tiles", "log", "leaves")
    ]


def growing(reader):
    return reader.client.get("/health").json()["checks"]["transparency"] == "ok"


@pytest.fixture
def grown(server, reader, one):
    """A log of two leaves."""
    store(server, *receipts(one, "a"))
    return reader.until(2)


def taken_place(server, one):
    """Insert a row at the index of the next leaf, and return the SQL that removes it."""
    server.rows(
        "INSERT INTO transparency_leaves (project_id, leaf_index, kind, reference, logged_at)"
        f" VALUES ('{one}', 2, 1, 'in the way', now())"
    )
    return "DELETE FROM transparency_leaves WHERE reference = 'in the way'"


def lost_row(server, one):
    """Make the insert of the leaf of receipt `c` a no-op, and return the SQL that ends that."""
    server.rows("CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    server.rows(
        "CREATE TRIGGER vanishing BEFORE INSERT ON transparency_leaves"
        " FOR EACH ROW WHEN (NEW.reference = 'c') EXECUTE FUNCTION vanish()"
    )
    return "DROP TRIGGER vanishing ON transparency_leaves"


@pytest.mark.parametrize("fault", [taken_place, lost_row])
def test_a_turn_that_fails_in_the_middle_changes_nothing_and_is_taken_again(server, reader, one, grown, fault):
    repair = fault(server, one)
    store(server, *receipts(one, "b", "c", "d"))
    before = kept(server)
    eventually(lambda: not growing(reader))
    assert kept(server) == before
    assert reader.checkpoint() == grown
    server.rows(repair)
    assert reader.until(5).size == 5
    assert [reader.prove(name).seq for name in "abcd"] == [1, 2, 3, 4]
    assert len(reader.entries()) == 5
    eventually(lambda: growing(reader))


def test_a_turn_reads_the_queue_from_below_the_last_rows_and_once_per_minute_from_the_start():
    now = [1000.0]
    read = QueueCursor(lambda: now[0])
    assert read.next() == 0
    read.advance(10)
    assert read.next() == 0
    read.advance(MARGIN_ROWS + 7)
    assert read.next() == 7
    now[0] += FULL_SCAN_SECONDS
    assert [read.next(), read.next()] == [0, 7]


def test_only_rows_above_the_start_of_the_queue_are_read(llmring_live):
    server = llmring_live(["transparency"])
    log, project = LogStore(server.server.database), server.project_id("one")
    store(server, *receipts(project, "a", "b", "c"))

    async def found(above):
        async with server.server.database.transaction() as connection:
            return [row.queue_id for row in await log.queue_rows(connection, 2, above)], await log.oldest_queued_at(
                above
            )

    (first, second), _ = server.run(found(0))
    assert server.run(found(first))[0] == [second, second + 1]
    assert server.run(found(second + 1)) == ([], None)


def test_a_row_that_was_committed_late_is_still_logged(start, key, monkeypatch):
    monkeypatch.setattr(queue_cursor, "FULL_SCAN_SECONDS", 1.0)
    server = start()
    reader, project = Reader(server.client("one"), key.verifier), server.project_id("one")
    reader.until(1)
    server.rows("ALTER TABLE transparency_queue ALTER COLUMN queue_id RESTART WITH 1000000")
    store(server, *receipts(project, "a"))
    reader.until(2)
    server.rows(
        "INSERT INTO transparency_queue (project_id, queue_id, kind, reference, content, queued_at)"
        f" OVERRIDING SYSTEM VALUE VALUES ('{project}', 500, 1, 'late', 'x', now())"
    )
    assert reader.until(3).size == 3
