"""Statements over HTTP: list, create and get them, their lines as CSV, and proofs of one call's lines."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import falcon.asgi
import msgspec

from llmring_receipts.formats import keys
from llmring_receipts.key_management.keyring import NoSigningKey
from llmring_receipts.statements.export import csv_chunks
from llmring_receipts.statements.formats.document import Statement
from llmring_receipts.statements.generate import StatementGenerator, StatementInProgress
from llmring_receipts.statements.store import LineRecord, StatementRecord, StatementStore
from llmring_server.contracts.transparency import LogPositions, LogProofs, NoPosition
from llmring_server.http import codec
from llmring_server.http.errors import Problem, Unavailable
from llmring_server.http.operations import operation
from llmring_server.tlog import growing_trees
from llmring_server.tlog.tiles import WIDTH

WAIT_SECONDS = 1.5
MAX_CONCURRENT = 2  # each uses a database connection while it runs
CSV, TEXT = "text/csv; charset=utf-8", "text/plain; charset=utf-8"
MAX_NUMBER = 2**31 - 1
PENDING = b"The statement is not in the log yet; try again shortly.\n"

CreateTask = Callable[[Coroutine[Any, Any, Any], str], None]


class StatementsQuery(msgspec.Struct, frozen=True):
    """`?limit=&before=`: statements below a number."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    before: Annotated[int, msgspec.Meta(ge=1, le=MAX_NUMBER)] | None = None


class StatementCreated(msgspec.Struct, frozen=True):
    """The result of a request for a statement: a new one, or the last one if there is nothing to state.

    One that is being created is null here and appears in the list later.
    """

    status: Literal["made", "making", "unchanged"]
    statement: Statement | None = None


class StatementLineProof(msgspec.Struct, frozen=True):
    """A line of statement `number` as canonical JSON, and its Merkle path in base64url.

    It is leaf `index` of a tree of `count` leaves (RFC 6962 §2.1.1).
    """

    number: int
    line: str
    index: int
    count: int
    path: list[str]


class CallLinesProof(msgspec.Struct, frozen=True):
    """The lines of one call, the first one and each correction, every line with its Merkle path."""

    log_id: UUID
    lines: list[StatementLineProof]


class StatementsResource:
    """A project's statements: list them, create one now, get one, get its lines."""

    def __init__(self, generator: StatementGenerator, store: StatementStore, create_task: CreateTask) -> None:
        self._generator = generator
        self._store = store
        self._create_task = create_task
        self._running: dict[str, asyncio.Task[bytes | None]] = {}

    @operation(query=StatementsQuery, answer=list[Statement])
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: StatementsQuery
    ) -> list[msgspec.Raw]:
        """List statements, newest first, each as it was signed; `Link` has the next page."""
        page, more = await self._store.bounded_page(req.context.project_id, query.limit, query.before)
        if more:
            after = f"limit={query.limit}&before={page[-1].number}"
            resp.set_header("Link", f'<{req.root_path}{req.path}?{after}>; rel="next"')
        return [msgspec.Raw(listed.content) for listed in page]

    @operation(answer=StatementCreated, status=201, also=(200, 202), errors=(503,))
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Create a statement of everything not stated yet.

        202 while one is being created, which is listed later; 200 with the last one if there is nothing to state.
        """
        project = req.context.project_id
        try:
            content = await self._create(project)
        except StatementInProgress:
            resp.status, resp.retry_after = falcon.HTTP_202, "5"
            resp.data = codec.encode(StatementCreated("making"))
        except NoSigningKey as error:
            raise Unavailable(str(error)) from error
        else:
            resp.status = falcon.HTTP_200 if content is None else falcon.HTTP_201
            last = await self._store.latest(project) if content is None else None
            found = last.content if last else content
            status = "unchanged" if content is None else "made"
            resp.data = codec.encode({"status": status, "statement": None if found is None else msgspec.Raw(found)})

    @operation(answer=Statement, errors=(404,))
    async def on_get_one(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, number: str) -> None:
        """Get one statement, byte for byte as it was signed."""
        resp.data = (await self._find(req, number)).content

    @operation(media=CSV, errors=(404,))
    async def on_get_lines(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, number: str) -> None:
        """Get a statement's lines as CSV, which `llmring-server statement verify --lines` reads."""
        statement = await self._find(req, number)
        resp.content_type = CSV
        resp.set_header("Content-Disposition", f'attachment; filename="statement-{statement.number}.csv"')
        resp.stream = csv_chunks(self._store, statement)

    async def _create(self, project: str) -> bytes | None:
        """Return a new statement, or None if there is nothing to state.

        Raises:
            StatementInProgress: one is being created, by this request or by another.
            Unavailable: too many are being created for other projects.
        """
        if project in self._running:
            raise StatementInProgress
        if len(self._running) >= MAX_CONCURRENT:
            raise Unavailable(f"{MAX_CONCURRENT} statements are already being created; try again shortly.")
        generation = asyncio.create_task(self._generator.generate(project, datetime.now(UTC)), name="llmring statement")
        self._running[project] = generation
        generation.add_done_callback(lambda _: self._running.pop(project))
        done, _ = await asyncio.wait({generation}, timeout=WAIT_SECONDS)
        if not done:
            self._create_task(_wait_for(generation), "llmring statement")
            raise StatementInProgress
        return generation.result()

    async def _find(self, req: falcon.asgi.Request, number: str) -> StatementRecord:
        known = number.isascii() and number.isdecimal() and len(number) <= 10 and int(number) <= MAX_NUMBER
        statement = await self._store.get(req.context.project_id, int(number)) if known else None
        if statement is None:
            raise Problem(404, f"This project has no statement {number[:40]!r}.")
        return statement


class StatementProofResource:
    """Proofs that statements are in the transparency log."""

    def __init__(self, log: LogProofs | None, positions: LogPositions | None) -> None:
        self._log = log
        self._positions = positions

    @operation(media=TEXT, also=(202,), errors=(404, 503))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, number: str) -> None:
        """Get the proof of a statement as a file (C2SP tlog-proof); 202 while it is not in the log yet."""
        resp.content_type = TEXT
        project, valid = req.context.project_id, number.isascii() and number.isdecimal() and len(number) <= 10
        position = await self._positions.statement_position(project, number) if self._positions and valid else None
        if position == NoPosition("waiting"):
            resp.status, resp.retry_after, resp.data = falcon.HTTP_202, "1", PENDING
            return
        proof = await self._log.statement_proof(project, number) if self._log and valid else None
        if proof is None:
            raise Problem(404, f"The log has no statement {number[:40]!r} of this project.")
        resp.data = proof


class CallLinesResource:
    """The lines of one call in statements, with proofs."""

    def __init__(self, store: StatementStore) -> None:
        self._store = store

    @operation(answer=CallLinesProof, errors=(404,))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, log_id: str) -> CallLinesProof:
        """Get every line of a call, each with the path that proves that it is in its statement."""
        project = req.context.project_id
        try:
            call = UUID(log_id)
        except ValueError as error:
            raise Problem(404, f"{log_id[:40]!r} is not the id of a call.") from error
        found = await self._store.lines_of_call(project, call)
        if not found:
            raise Problem(404, f"No statement contains the call {call} yet.")
        return CallLinesProof(call, [await self._proof(project, stated) for stated in found])

    async def _proof(self, project: str, stated: LineRecord) -> StatementLineProof:
        statement = await self._store.get(project, stated.number)
        if statement is None:
            raise Problem(404, f"Statement {stated.number} is missing.")
        index = stated.seq - statement.first_seq
        leaves = {}
        for block in growing_trees.blocks_needed(index, statement.line_count):
            first = statement.first_seq + block * WIDTH
            around = await self._store.lines_between(project, first, min(first + WIDTH, statement.last_seq + 1))
            leaves[block] = b"".join(line.hash for line in around)
        path = growing_trees.path(index, statement.line_count, leaves, statement.blocks)
        return StatementLineProof(
            stated.number, stated.content, index, statement.line_count, [keys.encode(step) for step in path]
        )


async def _wait_for(generation: "asyncio.Future[Any]") -> None:
    await generation
