"""Intake: the calls of `/log`, read together and answered together.

To check, decode and price a body takes a fraction of its time right after another one, while the processor's caches
hold what that needs. So what arrives in one pass of the event loop is read in one go after it, and the answers of a
batch are written in one go after its commit.
"""

import asyncio

import msgspec

from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.ingest.entry_to_row import Recorder
from llmring_usage.ingest.repository import Outcome
from llmring_usage.ingest.writer import Submission, UsageWriter
from llmring_usage.models.entries import Entry
from llmring_usage.models.responses import Deferred
from llmring_usage.models.rows import Row

_decoder = msgspec.json.Decoder(Entry)


Answer = tuple[bytes, bool]


class Answered(Submission[Answer]):
    """A row whose answer is waited for: its JSON, and whether the call waits in the journal."""

    __slots__ = ()

    def make(self, outcomes: list[Outcome]) -> Answer:
        """Return the answer, or raise the problem with the row."""
        outcome = outcomes[0]
        if isinstance(outcome, Problem):
            raise outcome
        return codec.encode(outcome), isinstance(outcome, Deferred)


class Intake:
    """The calls that arrived in this pass of the event loop, on their way to the writer."""

    def __init__(self, recorder: Recorder, writer: UsageWriter) -> None:
        self._recorder = recorder
        self._writer = writer
        self._arrived: list[tuple[asyncio.Future[Answer], str, bytes, int, str | None, float]] = []

    def log(self, project: str, body: bytes, depth: int, key: str | None, arrived: float) -> "asyncio.Future[Answer]":
        """Have the call stored that a body spells, `depth` levels deep at most; what is returned gives its answer.

        `key` is the Idempotency-Key header; `arrived` is the loop's time.

        Raises:
            Problem: what `entry_of`, `Recorder.row` and `UsageWriter.record` raise; an entry that PostgreSQL refuses.
        """
        loop = asyncio.get_running_loop()
        if not self._arrived:
            loop.call_soon(self._read)
        answer: asyncio.Future[Answer] = loop.create_future()
        self._arrived.append((answer, project, body, depth, key, arrived))
        return answer

    def store(self, row: Row, arrived: float) -> "asyncio.Future[Answer]":
        """Have a row stored; what is returned gives its answer, as that of `log` does."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._writer.put([Answered((row,), arrived, answer)])
        return answer

    def _read(self) -> None:
        calls, self._arrived = self._arrived, []
        read = []
        for answer, project, body, depth, key, arrived in calls:
            if answer.cancelled():
                continue
            try:
                row = self._recorder.row(project, entry_of(body, depth), key)
            except Exception as error:  # whoever sent the call gets it, and nobody else
                answer.set_exception(error)
            else:
                read.append(Answered((row,), arrived, answer))
        self._writer.put(read)


def entry_of(body: bytes, depth: int) -> Entry:
    """Return the entry that a body spells.

    Raises:
        Problem: 400 when it is not JSON, or too deep; 422 when it does not fit, or cannot be kept.
    """
    codec.check_text(body, depth)
    return codec.decode(_decoder, body)
