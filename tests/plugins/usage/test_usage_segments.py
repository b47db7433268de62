"""The journal's files: what was written comes back, whatever happened to the process and to the disk."""

import resource
import signal
from contextlib import contextmanager

import pytest

from llmring_usage.journal.segments import DamagedSegment, Segment, list_segments

RECORDS = [b"first", b"second record", b"third" * 20]


@pytest.fixture
def segment(tmp_path):
    made = Segment.create(tmp_path)
    yield made
    made.close()


def written(segment):
    for record in RECORDS:
        segment.append(record)
    return segment.path.read_bytes()


def read_again(path):
    adopted = Segment.claim(path)
    try:
        return list(adopted.records())
    finally:
        adopted.close()


@contextmanager
def room_for(size):
    """Let no file of this process grow beyond `size` bytes, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_records_come_back_in_the_order_in_which_they_were_appended(segment):
    written(segment)
    assert list(segment.records()) == RECORDS


def test_a_segment_that_was_cut_at_any_byte_gives_every_record_before_the_cut(segment, tmp_path):
    content = written(segment)
    torn = tmp_path / "torn.journal"
    for cut in range(len(content) + 1):
        torn.write_bytes(content[:cut])
        found = read_again(torn)
        assert found == RECORDS[: len(found)]
    assert found == RECORDS


def test_zeros_that_a_loss_of_power_left_at_the_end_are_no_record(segment, tmp_path):
    torn = tmp_path / "torn.journal"
    torn.write_bytes(written(segment) + bytes(4096))
    assert read_again(torn) == RECORDS


def test_a_byte_flipped_anywhere_before_the_last_record_is_found(segment, tmp_path):
    content = written(segment)
    flipped = tmp_path / "flipped.journal"
    for at in range(len(content) - len(RECORDS[-1]) - 12):
        flipped.write_bytes(content[:at] + bytes([content[at] ^ 0x40]) + content[at + 1 :])
        with pytest.raises(DamagedSegment):
            read_again(flipped)


def test_a_record_for_which_there_is_no_room_leaves_those_before_it(segment):
    segment.append(RECORDS[0])
    with room_for(segment.size + 20), pytest.raises(OSError, match="File too large"):
        segment.append(RECORDS[2])
    segment.append(RECORDS[1])
    assert list(segment.records()) == RECORDS[:2]


def test_a_segment_belongs_to_one_holder_at_a_time(segment):
    assert Segment.claim(segment.path) is None


def test_a_segment_that_was_let_go_can_be_taken(tmp_path):
    made = Segment.create(tmp_path)
    written(made)
    made.close()
    assert read_again(made.path) == RECORDS


def test_a_removed_segment_is_nobodys(tmp_path):
    made = Segment.create(tmp_path)
    made.remove()
    assert Segment.claim(made.path) is None
    assert list_segments(tmp_path) == []


def test_segments_are_listed_oldest_first(tmp_path):
    made = [Segment.create(tmp_path) for _ in range(20)]
    assert list_segments(tmp_path) == [one.path for one in made]
    for one in made:
        one.close()


def test_a_damaged_segment_that_was_put_aside_is_not_read_again(segment, tmp_path):
    written(segment)
    other = Segment.create(tmp_path)
    aside = other.quarantine()
    assert aside.exists()
    assert list_segments(tmp_path) == [segment.path]
