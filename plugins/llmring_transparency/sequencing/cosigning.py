"""Witnesses: asked in the background to cosign each new checkpoint; one that is away keeps nobody waiting."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import httpx
import msgspec

from llmring_server.http.errors import DATABASE_AWAY, StartupError
from llmring_server.runtime.background import beside
from llmring_server.tlog import checkpoints, notes, witness_protocol
from llmring_server.tlog.checkpoints import InvalidCheckpoint
from llmring_server.tlog.notes import InvalidNote, KeyType, Note, SignatureLine, Verifier
from llmring_server.tlog.witness_protocol import Submission
from llmring_transparency.models import LogState
from llmring_transparency.sequencing.sequencer import Sequencer
from llmring_transparency.storage.store import LogStore
from llmring_transparency.storage.tree import Tree

log = logging.getLogger(__name__)

ANSWER_SECONDS = 1.0
PAUSE_SECONDS = 1.0
RETRY_SECONDS = 10.0
CONFLICT, UNPROVEN = 409, 422


class Witness(msgspec.Struct, frozen=True):
    """A witness: the key that its cosignatures are checked with, and the address that checkpoints are sent to."""

    verifier: Verifier
    url: str


class NotCosigned(Exception):
    """A witness that did not cosign; the message says why."""


class ForkDetected(Exception):
    """A witness that knows more of this log, or other things of it, than this database does."""


def read_witnesses(texts: Sequence[str]) -> list[Witness]:
    """Return the configured witnesses.

    Raises:
        StartupError: one is not a verifier key of a witness, a space and an address.
    """
    return [_parse_witness(text) for text in texts]


def _parse_witness(text: str) -> Witness:
    vkey, _, url = text.partition(" ")
    said = f"LLMRING_TRANSPARENCY_WITNESSES: {text[:200]!r}"
    try:
        verifier = notes.parse_vkey(vkey)
    except InvalidNote as error:
        raise StartupError(f"{said}: {error}") from error
    if verifier.kind is not KeyType.COSIGNATURE:
        raise StartupError(f"{said}: the key is that of a log; a witness's own begins with its name, and then +id+BA…")
    if not url.strip().startswith(("http://", "https://")):
        raise StartupError(f"{said}: after the key come a space and the witness's address, https://…")
    return Witness(verifier, url.strip().rstrip("/"))


class WitnessClient:
    """Asks every witness for its line under the newest checkpoint, one round at a time."""

    def __init__(
        self,
        http: Callable[[], httpx.AsyncClient],
        witnesses: Sequence[Witness],
        store: LogStore,
        sequencer: Sequencer,
    ) -> None:
        self._http = http
        self._witnesses = tuple(witnesses)
        self._store = store
        self._tree = Tree(store)
        self._sequencer = sequencer
        self._known_sizes: dict[Witness, int] = {}
        self._newest: LogState | None = None
        self._updated = asyncio.Event()

    def publish(self, state: LogState) -> None:
        """Have a new checkpoint cosigned; returns at once."""
        if self._newest is None or state.size > self._newest.size:
            self._newest = state
            self._updated.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ask while the block runs."""
        if not self._witnesses:
            yield
            return
        async with beside(self._run(), "llmring witnesses"):
            yield

    async def collect_cosignatures(self, state: LogState) -> bool:
        """Ask every witness for one checkpoint, and keep it with the lines that came; return whether all came.

        A witness that shows this log to be forked, or behind what was published, raises the alarm.
        """
        asked = await asyncio.gather(*(self._try_cosign(witness, state) for witness in self._witnesses))
        lines = [line for line in asked if line]
        if lines and state.checkpoint:
            note = notes.parse(state.checkpoint)
            await self._store.set_cosigned(state.size, Note(note.text, (*note.lines, *lines)))
        return len(lines) == len(self._witnesses)

    async def _run(self) -> None:
        complete = True
        while True:
            try:
                async with asyncio.timeout(None if complete else RETRY_SECONDS):
                    await self._updated.wait()
            except TimeoutError:
                log.info("asking again the witnesses that did not cosign")
            self._updated.clear()
            try:
                complete = self._newest is None or await self._cosign_newest(self._newest)
            except Exception as error:
                complete = False
                away = isinstance(error, (*DATABASE_AWAY, TimeoutError))
                log.error("the witnesses are asked again later: %s", error, exc_info=not away)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _cosign_newest(self, state: LogState) -> bool:
        """Do a round, unless the log signs no more: a witness must not cosign what does not continue the log."""
        current = await self._store.state()
        if current is None or current.alarm:
            log.warning("the witnesses are not asked while the log signs no more")
            return False
        return await self.collect_cosignatures(state)

    async def _try_cosign(self, witness: Witness, state: LogState) -> SignatureLine | None:
        try:
            return await self._cosign(witness, state)
        except ForkDetected as fork:
            await self._sequencer.raise_alarm(str(fork))
        except (TimeoutError, httpx.HTTPError, NotCosigned) as error:
            log.warning("witness %s: %s: %s", witness.verifier.name, type(error).__name__, error)
        return None

    async def _cosign(self, witness: Witness, state: LogState) -> SignatureLine:
        """Return a witness's line; when it knows another size than was thought, ask again from there.

        A second size that is not the one just sent is no fork: another process of this log was there in between.
        """
        answer = await self._submit(witness, state, self._known_sizes.get(witness, 0))
        if _is_size_conflict(answer):
            told = self._known_sizes[witness] = await self._parse_size(witness, state, answer.text)
            answer = await self._submit(witness, state, told)
            if _is_size_conflict(answer):
                size = self._known_sizes[witness] = await self._parse_size(witness, state, answer.text)
                if size != told:
                    raise NotCosigned(f"another process had {size} leaves cosigned meanwhile")
        name = witness.verifier.name
        if answer.status_code in (CONFLICT, UNPROVEN):
            raise ForkDetected(
                f"the witness {name} has cosigned another tree of this log (it answers {answer.status_code})"
            )
        if not answer.is_success:
            raise NotCosigned(f"it answers {answer.status_code}: {answer.text[:200]}")
        line = _find_own_line(witness, state, answer.text)
        self._known_sizes[witness] = state.size
        return line

    async def _submit(self, witness: Witness, state: LogState, old: int) -> httpx.Response:
        proof = await self._tree.consistency(old, state.size)
        content = Submission(old, tuple(proof), state.checkpoint or b"").content()
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self._http().post(f"{witness.url}/add-checkpoint", content=content)

    async def _parse_size(self, witness: Witness, state: LogState, text: str) -> int:
        """Return the size that a witness knows, at most that of `state`: another process may have been there since."""
        try:
            size = checkpoints.parse_size(text.removesuffix("\n"))
        except InvalidCheckpoint as error:
            raise NotCosigned(f"it answers 409 with {text[:200]!r}, which is no size") from error
        if size <= state.size:
            return size
        current = await self._store.state()
        if current is None or size > current.size:
            raise ForkDetected(
                f"the witness {witness.verifier.name} has cosigned {size} leaves of this log, and the database has "
                f"{current.size if current else 0}: it was restored from an older backup"
            )
        raise NotCosigned(f"it has cosigned a newer checkpoint, of {size} leaves")


def _is_size_conflict(answer: httpx.Response) -> bool:
    """Whether a witness refuses a submission since it has cosigned another size than was said."""
    return answer.status_code == CONFLICT and answer.headers.get("Content-Type", "").startswith(
        witness_protocol.SIZE_TYPE
    )


def _find_own_line(witness: Witness, state: LogState, text: str) -> SignatureLine:
    """Return the line of a witness's answer that its key has made for this checkpoint."""
    note = notes.parse(state.checkpoint or b"")
    try:
        for line in notes.parse_lines(text):
            if Note(note.text, (line,)).signatures([witness.verifier]):
                return line
    except InvalidNote as error:
        raise NotCosigned(f"its answer is no cosignature: {error}") from error
    raise NotCosigned("its answer has no line of its key")
