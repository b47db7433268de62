"""The sequencer: a turn is taken whole or not at all, whatever the database makes of it."""

import pytest
from transparency_kit import receipts, store

from llmring_server.testing import eventually


def kept(server):
    """Return all that a turn writes."""
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
    """Have a row in the way of the next leaf, and return what removes it."""
    server.rows(
        "INSERT INTO transparency_leaves (project_id, leaf_index, kind, reference, logged_at)"
        f" VALUES ('{one}', 2, 1, 'in the way', now())"
    )
    return "DELETE FROM transparency_leaves WHERE reference = 'in the way'"


def lost_row(server, one):
    """Have the leaf of the receipt `c` vanish as it is written, and return what ends that."""
    server.rows("CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    server.rows(
        "CREATE TRIGGER vanishing BEFORE INSERT ON transparency_leaves"
        " FOR EACH ROW WHEN (NEW.reference = 'c') EXECUTE FUNCTION vanish()"
    )
    return "DROP TRIGGER vanishing ON transparency_leaves"


@pytest.mark.parametrize("fault", [taken_place, lost_row])
def test_a_turn_that_fails_in_the_middle_changes_nothing_and_is_taken_again(server, reader, one, grown, fault):
    mended = fault(server, one)
    store(server, *receipts(one, "b", "c", "d"))
    before = kept(server)
    eventually(lambda: not growing(reader))
    assert kept(server) == before
    assert reader.checkpoint() == grown
    server.rows(mended)
    assert reader.until(5).size == 5
    assert [reader.prove(name).seq for name in "abcd"] == [1, 2, 3, 4]
    assert len(reader.entries()) == 5
    eventually(lambda: growing(reader))
