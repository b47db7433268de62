"""Snapshots of workers in a shared directory: joining, leaving, killed workers, and crashes between two steps."""

import json
import os
import threading

import pytest

from llmring_metrics.models import combine, merge_exited
from llmring_metrics.workers.worker_snapshots import WorkerSnapshots
from llmring_server.contracts.metrics import Metric

FIGURE = Metric(name="llmring_f_total", help="", kind="counter", read=lambda: 0)


def counting(number):
    return {"llmring_f_total": [((), number)]}


def in_all(folder):
    return combine(FIGURE, folder.read_all())[()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "workers"


@pytest.fixture
def come(path):
    """Return a function that adds a worker with a count; all workers exit at the end of the test."""
    came = []

    def enter(number):
        folder = WorkerSnapshots(path, lambda snapshots: merge_exited([FIGURE], snapshots))
        folder.enter(counting(number))
        came.append(folder)
        return folder

    yield enter
    for folder in came:
        die(folder)


def die(folder):
    """Kill a worker: the kernel releases its lock."""
    folder._alive_file.close()


def test_each_worker_reads_what_all_have_counted(come):
    one, two = come(1), come(10)
    one.publish(counting(2))
    assert (in_all(one), in_all(two)) == (12, 12)


def test_counts_of_killed_workers_stay_when_a_new_worker_joins(come, path):
    one, two = come(1), come(10)
    die(one)
    assert in_all(two) == 11
    three = come(100)
    assert in_all(three) == 111
    assert len(list(path.glob("*.alive"))) == 2


def test_a_crash_during_a_write_leaves_no_file(come, path):
    one, _ = come(1), come(10)
    (path / f"{one.name}.json.new").write_bytes(b'{"llm')
    die(one)
    assert in_all(come(100)) == 111
    assert not list(path.glob("*.new"))


def test_counts_of_a_worker_stay_when_it_leaves(come):
    one, two = come(1), come(10)
    one.leave()
    assert in_all(two) == 11


def test_many_restarts_leave_no_files(come, path):
    staying = come(1)
    for _ in range(20):
        come(1).leave()
    assert in_all(staying) == 21
    assert sorted(file.suffix for file in path.iterdir()) == ["", ".alive", ".json", ".json"]


def test_the_last_to_leave_removes_the_folder(come, path):
    one, two = come(1), come(10)
    one.leave()
    assert path.is_dir()
    two.leave()
    assert not path.exists()


def test_the_first_worker_starts_from_zero(come, path):
    die(come(1))
    assert in_all(come(10)) == 10


def test_a_crash_between_merging_and_deleting_counts_nothing_twice(come, path):
    one, two = come(1), come(10)
    kept = {file.name: file.read_bytes() for file in path.glob(f"{one.name}.*")}
    one.leave()
    for name, content in kept.items():
        (path / name).write_bytes(content)
    assert in_all(two) == 11
    assert in_all(come(100)) == 111


def test_a_reader_never_sees_a_total_fall(come):
    staying, seen, done = come(1), [], threading.Event()

    def restart():
        for _ in range(100):
            come(1).leave()
        done.set()

    thread = threading.Thread(target=restart)
    thread.start()
    while not done.is_set():
        seen.append(in_all(staying))
    thread.join()
    assert len(seen) > 10
    assert seen == sorted(seen)
    assert in_all(staying) == 101


def test_an_abandoned_directory_is_removed_and_one_in_use_is_not(come, path):
    one = come(1)
    stranger = WorkerSnapshots(path, lambda snapshots: {})
    stranger.remove_abandoned()
    assert in_all(one) == 1
    die(one)
    stranger.remove_abandoned()
    assert not path.exists()


def test_workers_that_join_while_the_last_one_leaves_find_a_directory(come, path):
    failures = []

    def restart():
        try:
            for _ in range(100):
                come(1).leave()
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=restart) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert not path.exists()


def test_a_folder_that_others_may_write_to_is_refused(come, path):
    path.mkdir()
    path.chmod(0o777)
    with pytest.raises(PermissionError, match="is not a private directory of this user"):
        come(1)


def test_a_file_in_place_of_the_folder_is_refused(come, path):
    path.write_text("in the way")
    with pytest.raises(PermissionError, match="is not a private directory of this user"):
        come(1)


def test_a_link_in_place_of_the_folder_is_refused(come, path, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError, match="is not a private directory of this user"):
        come(1)


def test_workers_agree_on_the_first_label_sets(come):
    one, two = come(1), come(1)
    assert one.admit([("a",), ("b",)], 3) == [("a",), ("b",)]
    assert two.admit([("c",), ("d",)], 3) == [("a",), ("b",), ("c",)]
    assert one.admit([("e",)], 3) == [("a",), ("b",), ("c",)]


def test_a_line_truncated_by_a_full_disk_is_skipped(come, path):
    one = come(1)
    one.admit([("a",)], 9)
    with (path / "labels").open("ab") as file:
        file.write(b'["b"')
    assert one.admit([("c",)], 9) == [("a",)]
    assert one.admit([("d",)], 9) == [("a",), ("d",)]


def test_files_are_written_for_this_user(come, path):
    come(1)
    (snapshot,) = path.glob("*.json")
    assert json.loads(snapshot.read_text()) == {"llmring_f_total": [[[], 1]]}
    assert path.stat().st_uid == os.geteuid()
