"""The coalescer: calls of `/log` that arrive together are processed together, and so are their responses.

To validate, decode and price a body takes a fraction of its time right after another one, while the processor's caches
hold what that needs. So the bodies that arrive in one pass of the event loop are processed in one go after it, and the
responses of a batch are written in one go after its commit.
"""

import asyncio

from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.counts.entry_parsing import parse_entry
from llmring_usage.ingest.entry_to_row import EntryPricer
from llmring_usage.ingest.fair_queue import PendingRows
from llmring_usage.ingest.repository import Outcome
from llmring_usage.ingest.writer import UsageWriter
from llmring_usage.models.responses import DeferredLogResponse
from llmring_usage.models.rows import UsageRow

# The JSON of a response, and whether the call waits in the journal.
EncodedResponse = tuple[bytes, bool]


class PendingResponse(PendingRows[EncodedResponse]):
    """A row whose request waits for its response."""

    __slots__ = ()

    def result(self, outcomes: list[Outcome]) -> EncodedResponse:
        """Return the response, or raise the problem with the row."""
        outcome = outcomes[0]
        if isinstance(outcome, Problem):
            raise outcome
        return codec.encode(outcome), isinstance(outcome, DeferredLogResponse)


class IngestCoalescer:
    """Gathers the calls of one pass of the event loop for the writer."""

    def __init__(self, pricer: EntryPricer, writer: UsageWriter) -> None:
        self._pricer = pricer
        self._writer = writer
        self._arrived: list[
            tuple[asyncio.Future[EncodedResponse], str, str | None, bytes, codec.Limits, str | None, float]
        ] = []

    def log(
        self,
        project: str,
        body: bytes,
        limits: codec.Limits,
        key: str | None,
        arrived: float,
        key_id: str | None = None,
    ) -> "asyncio.Future[EncodedResponse]":
        """Store the call in a body within `limits`; the future resolves to its response.

        `key` is the Idempotency-Key header, `key_id` the project key; `arrived` is the loop's time.

        Raises:
            Problem: see `parse_entry`, `EntryPricer.entry_to_row` and `UsageWriter.record`; an entry that PostgreSQL
                rejects.
        """
        loop = asyncio.get_running_loop()
        if not self._arrived:
            loop.call_soon(self._process)
        future: asyncio.Future[EncodedResponse] = loop.create_future()
        self._arrived.append((future, project, key_id, body, limits, key, arrived))
        return future

    def store(self, row: UsageRow, arrived: float) -> "asyncio.Future[EncodedResponse]":
        """Store a row; the future resolves to its response, as that of `log` does."""
        future: asyncio.Future[EncodedResponse] = asyncio.get_running_loop().create_future()
        self._writer.enqueue([PendingResponse((row,), arrived, future)])
        return future

    def _process(self) -> None:
        calls, self._arrived = self._arrived, []
        pending = []
        for future, project, key_id, body, limits, key, arrived in calls:
            if future.cancelled():
                continue
            try:
                row = self._pricer.entry_to_row(project, parse_entry(body, limits), key, key_id)
            except Exception as error:  # raised to the request that sent this call, not to the others
                future.set_exception(error)
            else:
                pending.append(PendingResponse((row,), arrived, future))
        self._writer.enqueue(pending)
