"""The queue of the writer: projects share batches and bounds by bytes."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import msgspec
import pytest
from test_usage_writer import locked, row

from llmring_server.http.errors import Unavailable
from llmring_usage.ingest.fair_queue import BATCH_BYTES, LARGE_BYTES, MAX_BATCH, FairQueue
from llmring_usage.ingest.writer import UsageWriter
from llmring_usage.models.responses import UsageLogResponse


class Waiting(msgspec.Struct, eq=False):
    """Rows of a project, as the queue sees them."""

    project: str
    size: int = 1_000
    rows: tuple[int, ...] = (1,)


def filled(*submissions):
    queue = FairQueue()
    for one in submissions:
        queue.append(one)
    return queue


def batches(queue):
    while queue:
        yield queue.take_batch()


def test_what_is_within_one_batch_is_taken_at_once_in_order_of_arrival():
    waiting = [Waiting("a") for _ in range(5)]
    assert filled(*waiting).take_batch() == waiting


def test_a_batch_ends_at_its_rows():
    queue = filled(*[Waiting("a", size=500) for _ in range(MAX_BATCH + 1)])
    assert [len(batch) for batch in batches(queue)] == [MAX_BATCH, 1]


def test_a_batch_ends_at_its_bytes():
    queue = filled(*[Waiting("a", size=BATCH_BYTES // 3) for _ in range(7)])
    assert [len(batch) for batch in batches(queue)] == [3, 3, 1]


def test_a_submission_beyond_a_batch_is_taken_alone():
    queue = filled(*[Waiting("a", size=2 * BATCH_BYTES) for _ in range(2)])
    assert [len(batch) for batch in batches(queue)] == [1, 1]


def test_small_rows_do_not_wait_for_large_rows_of_another_project():
    large = [Waiting("large", size=BATCH_BYTES // 2) for _ in range(50)]
    small = [Waiting("small") for _ in range(100)]
    served = list(batches(filled(*large, *small)))
    assert small in served[:2]
    assert [one for batch in served for one in batch if one.project == "large"] == large


def test_a_large_submission_shares_no_batch_with_another_project():
    mixed = [Waiting(name, size=size) for name, size in (("a", 1_000), ("b", LARGE_BYTES + 1), ("c", 1_000))]
    assert all(len({one.project for one in batch}) == 1 or len(batch) == 2 for batch in batches(filled(*mixed)))
    assert [mixed[1]] in list(batches(filled(*mixed)))


def test_small_submissions_of_many_projects_share_a_batch():
    waiting = [Waiting(f"prj_{number}", size=512) for number in range(MAX_BATCH)]
    assert len(filled(*waiting).take_batch()) == MAX_BATCH


def test_projects_with_equal_rows_share_each_batch():
    queue = filled(*[Waiting(name, size=BATCH_BYTES // 10) for name in "abcde" for _ in range(10)])
    assert BATCH_BYTES // 10 < LARGE_BYTES
    assert {name: sum(one.project == name for one in queue.take_batch()) for name in "abcde"} == dict.fromkeys(
        "abcde", 2
    )


def test_a_project_that_comes_back_is_not_behind_nor_ahead():
    size = BATCH_BYTES // 8
    queue = filled(*[Waiting("a", size=size) for _ in range(40)])
    queue.take_batch()
    for _ in range(8):
        queue.append(Waiting("b", size=size))
    assert [sorted(one.project for one in queue.take_batch()) for _ in range(2)] == [["a"] * 4 + ["b"] * 4] * 2


def test_room_is_made_by_the_newest_submission_of_the_project_with_the_most_bytes():
    heavy = [Waiting("heavy", size=10_000) for _ in range(3)]
    queue = filled(*heavy, Waiting("light"))
    assert queue.drop_for(Waiting("light")) is heavy[-1]
    assert queue.drop_for(Waiting("heavy")) is None
    assert [one.project for one in queue.take_batch()] == ["heavy", "heavy", "light"]


def test_an_empty_queue_has_no_room_to_make():
    assert FairQueue().drop_for(Waiting("a")) is None


@pytest.mark.own_server
def test_four_senders_of_large_rows_cause_no_503_of_another_project(usage):
    stop = Event()
    large = [{"provider": "p", "model": "m", "input_tokens": 1, "metadata": "x" * 250_000}] * 60

    def send_large(_):
        client = usage.client("heavy")
        while not stop.is_set():
            client.post("/api/v1/log/batch", json=large)

    other, statuses = usage.client("light"), []
    with ThreadPoolExecutor(4) as pool:
        senders = pool.map(send_large, range(4))
        deadline = time.monotonic() + 6
        while time.monotonic() < deadline:
            statuses.append(
                other.post("/api/v1/log", json={"provider": "p", "model": "m", "input_tokens": 1}).status_code
            )
        stop.set()
        list(senders)
    assert set(statuses) == {200}


def test_a_full_queue_has_room_for_another_project(llmring_live):
    server = llmring_live(["usage"], usage={"queue_entries": 1000, "write_timeout": 10})
    writer = server.server.service(UsageWriter)

    async def submit():
        heavy = [writer.submit([row(project_id="prj_heavy")]) for _ in range(1500)]
        light = writer.submit([row(project_id="prj_light")])
        await asyncio.sleep(0)
        return heavy, light

    with locked(server.server.database.conninfo):
        heavy, light = server.run(submit())
    outcome = server.run(_wait(light))
    assert isinstance(outcome[0], UsageLogResponse)
    refused = [one for one in heavy if one.done() and isinstance(one.exception(), Unavailable)]
    assert len(refused) == 501


async def _wait(future):
    return await future
