"""The journal's files: written records are read again, whatever happens to the process and the disk."""

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


def read_records(path):
    adopted = Segment.claim(path)
    try:
        return list(adopted.records())
    finally:
        adopted.close()


@contextmanager
def limit_file_size(size):
    """Limit the files of this process to `size` bytes, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_records_are_read_in_the_order_they_were_appended(segment):
    written(segment)
    assert list(segment.records()) == RECORDS


def test_a_segment_truncated_at_any_byte_has_every_record_before_it(segment, tmp_path):
    content = written(segment)
    torn = tmp_path / "torn.journal"
    for cut in range(len(content) + 1):
        torn.write_bytes(content[:cut])
        found = read_records(torn)
        assert found == RECORDS[: len(found)]
    assert found == RECORDS


def test_zeros_at_the_end_after_a_power_failure_are_not_a_record(segment, tmp_path):
    torn = tmp_path / "torn.journal"
    torn.write_bytes(written(segment) + bytes(4096))
    assert read_records(torn) == RECORDS


def test_a_flipped_byte_before_the_last_record_is_detected(segment, tmp_path):
    content = written(segment)
    flipped = tmp_path / "flipped.journal"
    for at in range(len(content) - len(RECORDS[-1]) - 12):
        flipped.write_bytes(content[:at] + bytes([content[at] ^ 0x40]) + content[at + 1 :])
        with pytest.raises(DamagedSegment):
            read_records(flipped)


def test_a_record_that_exceeds_the_disk_leaves_earlier_ones_intact(segment):
    segment.append(RECORDS[0])
    with limit_file_size(segment.size + 20), pytest.raises(OSError, match="File too large"):
        segment.append(RECORDS[2])
    segment.append(RECORDS[1])
    assert list(segment.records()) == RECORDS[:2]


def test_a_segment_has_one_holder_at_a_time(segment):
    assert Segment.claim(segment.path) is None


def test_a_closed_segment_can_be_claimed(tmp_path):
    made = Segment.create(tmp_path)
    written(made)
    made.close()
    assert read_records(made.path) == RECORDS


def test_a_removed_segment_cannot_be_claimed(tmp_path):
    made = Segment.create(tmp_path)
    made.remove()
    assert Segment.claim(made.path) is None
    assert list_segments(tmp_path) == []


def test_segments_are_listed_oldest_first(tmp_path):
    made = [Segment.create(tmp_path) for _ in range(20)]
    assert list_segments(tmp_path) == [one.path for one in made]
    for one in made:
        one.close()


def test_a_quarantined_segment_is_not_read_again(segment, tmp_path):
    written(segment)
    other = Segment.create(tmp_path)
    aside = other.quarantine()
    assert aside.exists()
    assert list_segments(tmp_path) == [segment.path]
