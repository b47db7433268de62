"""`/log` and `/log/batch`: log one call, or many."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import repeat

import falcon
import falcon.asgi

from llmring_server.http import codec
from llmring_server.http.errors import DATABASE_UNAVAILABLE, FieldError, Problem, Unavailable
from llmring_server.http.operations import operation
from llmring_usage.api.batch_parsing import parse_batch
from llmring_usage.api.batch_response import UsageBatchResponse, field_error
from llmring_usage.ingest.billing import PriorBillingLookup
from llmring_usage.ingest.coalescer import EncodedResponse, IngestCoalescer, parse_entry
from llmring_usage.ingest.entry_to_row import EntryPricer
from llmring_usage.ingest.repository import Outcome
from llmring_usage.ingest.writer import UsageWriter
from llmring_usage.models.entries import UsageEntry
from llmring_usage.models.responses import DeferredLogResponse, UsageLogResponse
from llmring_usage.models.rows import UsageRow

IDEMPOTENCY_KEY = "Idempotency-Key"
SLICE = 250


class UsageLog:
    """`/log`: the call on every client's path."""

    def __init__(self, pricer: EntryPricer, writer: UsageWriter, prior_billing: PriorBillingLookup) -> None:
        self._pricer = pricer
        self._writer = writer
        self._prior_billing = prior_billing
        self._coalescer = IngestCoalescer(pricer, writer)

    @operation(
        body=UsageEntry, raw=True, checked=False, answer=UsageLogResponse, also=(202,), headers=(IDEMPOTENCY_KEY,),
        errors=(409,), scope="ingest",
    )  # fmt: skip
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes) -> None:
        """Log one call. The response follows the commit; 202 when the call is safe in the journal instead."""
        context, arrived = req.context, asyncio.get_running_loop().time()
        log = self._log_alone if self._prior_billing.enabled or len(body) > codec.LARGE else self._coalescer.log
        key = req.get_header(IDEMPOTENCY_KEY)
        resp.data, deferred = await log(context.project_id, body, context.limits, key, arrived)
        if deferred:
            resp.status = falcon.HTTP_202

    async def _log_alone(
        self, project: str, body: bytes, limits: codec.Limits, key: str | None, arrived: float
    ) -> EncodedResponse:
        """Log a call that is large, or that another plugin may have billed already."""
        entry = await codec.run_in_thread_if_large(body, lambda: parse_entry(body, limits))
        row = self._pricer.entry_to_row(project, entry, key)
        if row.id_at_origin:
            (known,) = await _find_billed(self._prior_billing, self._writer, (row,))
            if known is not None:
                return codec.encode(known), False
        return await self._coalescer.store(row, arrived)


class UsageBatch:
    """`/log/batch`: many calls in one request; an invalid entry is rejected alone."""

    def __init__(self, pricer: EntryPricer, writer: UsageWriter, prior_billing: PriorBillingLookup) -> None:
        self._pricer = pricer
        self._writer = writer
        self._prior_billing = prior_billing

    @operation(
        body=list[UsageEntry], raw=True, checked=False, answer=UsageBatchResponse, also=(202,),
        accepts=(codec.JSON, codec.NDJSON), scope="ingest",
    )  # fmt: skip
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes) -> UsageBatchResponse:
        """Log up to 10,000 calls, as a JSON array or as NDJSON, gzipped or not."""
        media = codec.require_type(req, codec.JSON, codec.NDJSON)
        entries = await codec.run_in_thread_if_large(body, lambda: parse_batch(body, media, req.context.limits))
        found = await self._rows(req.context.project_id, entries)
        rows = [row for row in found if isinstance(row, UsageRow)]
        outcomes = await self._record(rows) if rows else []
        if any(isinstance(outcome, DeferredLogResponse) for outcome in outcomes):
            resp.status = falcon.HTTP_202
        return UsageBatchResponse.from_outcomes(found, outcomes)

    async def _record(self, rows: Sequence[UsageRow]) -> Sequence[Outcome]:
        """Return the outcome of each row; calls that another plugin has billed are not stored again."""
        arrived = asyncio.get_running_loop().time()
        billed = await _find_billed(self._prior_billing, self._writer, rows)
        unbilled = [row for row, known in zip(rows, billed, strict=True) if known is None]
        try:
            outcomes: Iterator[Outcome] = iter(await self._writer.record(unbilled, arrived) if unbilled else ())
        except Unavailable as unavailable:
            if len(unbilled) == len(rows):
                raise
            # Not a 503 of the whole batch: in a retry, the calls that are billed would look unbilled.
            outcomes = repeat(unavailable)
        return [known or next(outcomes) for known in billed]

    async def _rows(self, project: str, entries: Sequence[UsageEntry | Problem]) -> list[UsageRow | FieldError]:
        """Return the rows of entries, or their errors; other requests run after every `SLICE` entries."""
        found: list[UsageRow | FieldError] = []
        for index, entry in enumerate(entries):
            found.append(self._row(project, index, entry))
            if index % SLICE == SLICE - 1:
                await asyncio.sleep(0)
        return found

    def _row(self, project: str, index: int, entry: UsageEntry | Problem) -> UsageRow | FieldError:
        """Return an entry's row, or its error with its index in the batch."""
        try:
            if isinstance(entry, Problem):
                raise entry
            return self._pricer.entry_to_row(project, entry)
        except Problem as problem:
            return field_error(problem, index)


async def _find_billed(
    prior_billing: PriorBillingLookup, writer: UsageWriter, rows: Sequence[UsageRow]
) -> list[UsageLogResponse | None]:
    """Return the existing result of already-billed calls. Skipped during an outage; the replay checks again."""
    if not writer.database_down:
        try:
            return await prior_billing.find(rows)
        except DATABASE_UNAVAILABLE:
            if not writer.has_journal:
                raise
    return [None] * len(rows)
