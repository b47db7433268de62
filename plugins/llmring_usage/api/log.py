"""`/log` and `/log/batch`: log one call, or many."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import repeat

import falcon
import falcon.asgi
import msgspec

from llmring_server.http import codec
from llmring_server.http.errors import DATABASE_UNAVAILABLE, FieldError, Problem, Unavailable
from llmring_server.http.operations import operation
from llmring_usage.api.batch_parsing import parse_batch
from llmring_usage.api.batch_response import UsageBatchResponse, field_error
from llmring_usage.counts.entry_parsing import parse_entry
from llmring_usage.ingest.billing import PriorBillingLookup
from llmring_usage.ingest.coalescer import EncodedResponse, IngestCoalescer
from llmring_usage.ingest.entry_to_row import EntryPricer, validate_key
from llmring_usage.ingest.repository import Outcome
from llmring_usage.ingest.writer import UsageWriter
from llmring_usage.models.entries import PlainEntry, UsageEntry
from llmring_usage.models.responses import DeferredLogResponse, UsageLogResponse
from llmring_usage.models.rows import UsageRow

IDEMPOTENCY_KEY = "Idempotency-Key"
SLICE = 50  # with a usage object each, a few milliseconds


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
        key = req.get_header(IDEMPOTENCY_KEY)
        if self._prior_billing.enabled or context.unconfirmed or len(body) > codec.LARGE:
            row = await self._row(req, body, key)
            resp.data, deferred = await self._log_alone(row, arrived)
        else:
            resp.data, deferred = await self._coalescer.log(
                context.project_id, body, context.limits, key, arrived, context.key_id
            )
        if deferred:
            resp.status = falcon.HTTP_202

    async def _row(self, req: falcon.asgi.Request, body: bytes, key: str | None) -> UsageRow:
        entry = await codec.run_in_thread_if_large(body, lambda: parse_entry(body, req.context.limits))
        return _with_key(req, self._pricer.entry_to_row(req.context.project_id, entry, key, req.context.key_id))

    async def _log_alone(self, row: UsageRow, arrived: float) -> EncodedResponse:
        """Log a call that is large, of an unconfirmed key, or that another plugin may have billed already."""
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
        accepts=(codec.JSON, *codec.NDJSON_TYPES), headers=(IDEMPOTENCY_KEY,), scope="ingest",
    )  # fmt: skip
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes) -> UsageBatchResponse:
        """Log up to 10,000 calls, as a JSON array or as NDJSON, gzipped or not.

        With the header `Idempotency-Key: K`, an entry without a key has the key `K/INDEX`, its index from 0.
        """
        media = codec.require_type(req, codec.JSON, *codec.NDJSON_TYPES)
        entries = await codec.run_in_thread_if_large(body, lambda: parse_batch(body, media, req.context.limits))
        found = await self._rows(req, entries)
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

    async def _rows(
        self, req: falcon.asgi.Request, entries: Sequence[PlainEntry | Problem]
    ) -> list[UsageRow | FieldError]:
        """Return the rows of entries, or their errors; other requests run after every `SLICE` entries."""
        found: list[UsageRow | FieldError] = []
        key = req.get_header(IDEMPOTENCY_KEY)
        if key is not None:
            validate_key(key)
        for index, entry in enumerate(entries):
            found.append(self._row(req, index, entry, key))
            if index % SLICE == SLICE - 1:
                await asyncio.sleep(0)
        return found

    def _row(
        self, req: falcon.asgi.Request, index: int, entry: PlainEntry | Problem, key: str | None
    ) -> UsageRow | FieldError:
        """Return an entry's row, or its error with its index in the batch; `key` is the batch's."""
        try:
            if isinstance(entry, Problem):
                raise entry
            if key is not None and entry.idempotency_key is None:
                entry = msgspec.structs.replace(entry, idempotency_key=f"{key}/{index}")
            return _with_key(req, self._pricer.entry_to_row(req.context.project_id, entry, None, req.context.key_id))
        except Problem as problem:
            return field_error(problem, index)


def _with_key(req: falcon.asgi.Request, row: UsageRow) -> UsageRow:
    """Return a row with the id of its key, if that is unconfirmed."""
    return msgspec.structs.replace(row, unconfirmed_key=req.context.key_id) if req.context.unconfirmed else row


async def _find_billed(
    prior_billing: PriorBillingLookup, writer: UsageWriter, rows: Sequence[UsageRow]
) -> list[UsageLogResponse | None]:
    """Return the existing result of already-billed calls. Skipped during an outage; the replay checks again."""
    if not writer.database_down and not any(row.unconfirmed_key for row in rows):
        try:
            return await prior_billing.find(rows)
        except DATABASE_UNAVAILABLE:
            if not writer.has_journal:
                raise
    return [None] * len(rows)
