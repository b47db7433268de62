"""Usage over HTTP: log one call or many, and read the statistics."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import repeat

import falcon
import falcon.asgi
import msgspec

from llmring_server.contracts.usage import Period, Statistics
from llmring_server.http import codec
from llmring_server.http.errors import DATABASE_AWAY, FieldError, Problem, Unavailable
from llmring_server.http.operations import operation
from llmring_usage.api.batch_parsing import BatchAnswer, entries_of, field_error
from llmring_usage.ingest.billing import Settled
from llmring_usage.ingest.coalescer import Answer, Intake, entry_of
from llmring_usage.ingest.entry_to_row import Recorder
from llmring_usage.ingest.repository import Outcome
from llmring_usage.ingest.writer import UsageWriter
from llmring_usage.models.entries import Entry
from llmring_usage.models.responses import Deferred, Logged
from llmring_usage.models.rows import Row
from llmring_usage.queries.reader import UsageReader
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.periods import Grouping

IDEMPOTENCY_KEY = "Idempotency-Key"


class StatsQuery(msgspec.Struct, frozen=True):
    """`/stats`: a range, how to group it, in which zone (default: the reporting zone), and which form to answer in."""

    start_date: str | None = None
    end_date: str | None = None
    group_by: Grouping = "day"
    tz: str | None = None
    format: str | None = None


class UsageLog:
    """`/log`: the call on every client's path."""

    def __init__(self, recorder: Recorder, writer: UsageWriter, settled: Settled) -> None:
        self._recorder = recorder
        self._writer = writer
        self._settled = settled
        self._intake = Intake(recorder, writer)

    @operation(
        body=Entry, raw=True, checked=False, answer=Logged, also=(202,), headers=(IDEMPOTENCY_KEY,), errors=(409,),
        scope="ingest",
    )  # fmt: skip
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes) -> None:
        """Log one call; answered after its commit, never before, or with 202 when it is safe in the journal."""
        context, arrived = req.context, asyncio.get_running_loop().time()
        log = self._apart if self._settled.asks or len(body) > codec.LARGE else self._intake.log
        key = req.get_header(IDEMPOTENCY_KEY)
        resp.data, deferred = await log(context.project_id, body, context.limits.depth, key, arrived)
        if deferred:
            resp.status = falcon.HTTP_202

    async def _apart(self, project: str, body: bytes, depth: int, key: str | None, arrived: float) -> Answer:
        """Log a call that must wait before it is stored: another feature is asked about it, or it is large."""
        entry = await codec.run_in_thread_if_large(body, lambda: entry_of(body, depth))
        row = self._recorder.row(project, entry, key)
        if row.id_at_origin:
            (known,) = await _billed(self._settled, self._writer, (row,))
            if known is not None:
                return codec.encode(known), False
        return await self._intake.store(row, arrived)


class UsageBatch:
    """`/log/batch`: many calls at once; a bad entry rejects itself only."""

    def __init__(self, recorder: Recorder, writer: UsageWriter, settled: Settled) -> None:
        self._recorder = recorder
        self._writer = writer
        self._settled = settled

    @operation(
        body=list[Entry], raw=True, checked=False, answer=BatchAnswer, also=(202,), accepts=(codec.JSON, codec.NDJSON),
        scope="ingest",
    )  # fmt: skip
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes) -> BatchAnswer:
        """Log up to 10,000 calls, as a JSON array or as NDJSON, gzipped or not."""
        media = codec.require_type(req, codec.JSON, codec.NDJSON)
        entries = await codec.run_in_thread_if_large(body, lambda: entries_of(body, media, req.context.limits.depth))
        found = [self._row(req.context.project_id, index, entry) for index, entry in enumerate(entries)]
        rows = [row for row in found if isinstance(row, Row)]
        outcomes = await self._record(rows) if rows else []
        if any(isinstance(outcome, Deferred) for outcome in outcomes):
            resp.status = falcon.HTTP_202
        return BatchAnswer.of(found, outcomes)

    async def _record(self, rows: Sequence[Row]) -> Sequence[Outcome]:
        """Return the outcome of each row; those that another feature has billed are not stored again."""
        arrived = asyncio.get_running_loop().time()
        settled = await _billed(self._settled, self._writer, rows)
        news = [row for row, known in zip(rows, settled, strict=True) if known is None]
        try:
            outcomes: Iterator[Outcome] = iter(await self._writer.record(news, arrived) if news else ())
        except Unavailable as away:
            if len(news) == len(rows):
                raise
            outcomes = repeat(away)  # not a 503 of the batch: sent once more, the settled ones would be news
        return [known or next(outcomes) for known in settled]

    def _row(self, project: str, index: int, entry: Entry | Problem) -> Row | FieldError:
        """Return an entry's row, or what is wrong with it by its place in the batch."""
        try:
            if isinstance(entry, Problem):
                raise entry
            return self._recorder.row(project, entry)
        except Problem as problem:
            return field_error(problem, index)


async def _billed(settled: Settled, writer: UsageWriter, rows: Sequence[Row]) -> list[Logged | None]:
    """Return what stands for each call that another feature has billed; in an outage, the journal's replay asks."""
    if not writer.away:
        try:
            return await settled.find(rows)
        except DATABASE_AWAY:
            if not writer.keeps:
                raise
    return [None] * len(rows)


class Stats:
    """`/stats`: the sums of a range, broken down by everything a call carries."""

    def __init__(self, reader: UsageReader, settings: UsageSettings) -> None:
        self._reader = reader
        self._settings = settings

    @operation(query=StatsQuery, answer=Statistics)
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: StatsQuery
    ) -> Statistics | list[Period]:
        """Statistics of a range, all parts from one snapshot; `format=rows` gives the periods alone."""
        form = query.format or self._settings.stats_format
        if form not in ("full", "rows"):
            raise Problem.validation("query", "format", msg="full or rows")
        found = await self._reader.statistics(
            req.context.project_id, query.start_date, query.end_date, query.tz, query.group_by
        )
        return found.by_period if form == "rows" else found
