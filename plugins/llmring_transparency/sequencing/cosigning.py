"""Request cosignatures of each new checkpoint from witnesses, in the background; no request waits for them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import httpx
import msgspec

from llmring_server.errors import StartupError
from llmring_server.http.errors import DATABASE_UNAVAILABLE
from llmring_server.runtime.background import beside
from llmring_server.tlog import checkpoints, notes, witness_protocol
from llmring_server.tlog.checkpoints import InvalidCheckpoint
from llmring_server.tlog.notes import InvalidNote, KeyType, Note, SignatureLine, Verifier
from llmring_server.tlog.witness_protocol import CheckpointSubmission
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
    """A witness: the key that verifies its cosignatures, and its address."""

    verifier: Verifier
    url: str


class NotCosigned(Exception):
    """A witness did not cosign; the message gives the reason."""


class ForkDetected(Exception):
    """A witness has cosigned more leaves of this log than the database has, or another tree."""


def read_witnesses(texts: Sequence[str]) -> list[Witness]:
    """Return the configured witnesses.

    Raises:
        StartupError: not a witness's verifier key, a space and an address.
    """
    return [_parse_witness(text) for text in texts]


def _parse_witness(text: str) -> Witness:
    vkey, _, url = text.partition(" ")
    prefix = f"LLMRING_TRANSPARENCY_WITNESSES: {text[:200]!r}"
    try:
        verifier = notes.parse_vkey(vkey)
    except InvalidNote as error:
        raise StartupError(f"{prefix}: {error}") from error
    if verifier.kind is not KeyType.COSIGNATURE:
        raise StartupError(f"{prefix}: the key is for a log; a witness's key has the form name+id+BA…")
    if not url.strip().startswith(("http://", "https://")):
        raise StartupError(f"{prefix}: the key must be followed by a space and the witness's address, https://…")
    return Witness(verifier, url.strip().rstrip("/"))


class WitnessClient:
    """Requests every witness's cosignature of the newest checkpoint, one round at a time."""

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
        """Schedule the cosigning of a new checkpoint; does not wait."""
        if self._newest is None or state.size > self._newest.size:
            self._newest = state
            self._updated.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Request cosignatures while the block runs."""
        if not self._witnesses:
            yield
            return
        async with beside(self._run(), "llmring witnesses"):
            yield

    async def collect_cosignatures(self, state: LogState) -> bool:
        """Request all cosignatures of a checkpoint, and store those received; return whether all were received.

        If a witness shows that this log was forked or restored from a backup, the alarm is raised.
        """
        results = await asyncio.gather(*(self._try_cosign(witness, state) for witness in self._witnesses))
        lines = [line for line in results if line]
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
                log.info("requesting missing cosignatures again")
            self._updated.clear()
            try:
                complete = self._newest is None or await self._cosign_newest(self._newest)
            except Exception as error:
                complete = False
                unavailable = isinstance(error, (*DATABASE_UNAVAILABLE, TimeoutError))
                log.error("cosigning failed, and will be tried again: %s", error, exc_info=not unavailable)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _cosign_newest(self, state: LogState) -> bool:
        """Do a round, unless signing is stopped: a witness must not cosign what does not continue the log."""
        current = await self._store.state()
        if current is None or current.alarm:
            log.warning("no cosignatures are requested while signing is stopped")
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
        """Return a witness's line; if the witness knows another size than expected, submit again from that size.

        If the second response has yet another size, another process of this log was faster: that is not a fork.
        """
        response = await self._submit(witness, state, self._known_sizes.get(witness, 0))
        if _is_size_conflict(response):
            sent = self._known_sizes[witness] = await self._parse_size(witness, state, response.text)
            response = await self._submit(witness, state, sent)
            if _is_size_conflict(response):
                size = self._known_sizes[witness] = await self._parse_size(witness, state, response.text)
                if size != sent:
                    raise NotCosigned(f"another process had {size} leaves cosigned in the meantime")
        name = witness.verifier.name
        if response.status_code in (CONFLICT, UNPROVEN):
            raise ForkDetected(
                f"the witness {name} has cosigned another tree of this log (status {response.status_code})"
            )
        if not response.is_success:
            raise NotCosigned(f"status {response.status_code}: {response.text[:200]}")
        line = _find_own_line(witness, state, response.text)
        self._known_sizes[witness] = state.size
        return line

    async def _submit(self, witness: Witness, state: LogState, old: int) -> httpx.Response:
        proof = await self._tree.consistency(old, state.size)
        content = CheckpointSubmission(old, tuple(proof), state.checkpoint or b"").content()
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self._http().post(f"{witness.url}/add-checkpoint", content=content)

    async def _parse_size(self, witness: Witness, state: LogState, text: str) -> int:
        """Return the size that a witness knows, at most that of `state`: another process may be ahead."""
        try:
            size = checkpoints.parse_size(text.removesuffix("\n"))
        except InvalidCheckpoint as error:
            raise NotCosigned(f"status 409 with {text[:200]!r}, which is not a size") from error
        if size <= state.size:
            return size
        current = await self._store.state()
        if current is None or size > current.size:
            raise ForkDetected(
                f"the witness {witness.verifier.name} has cosigned {size} leaves of this log, and the database has "
                f"{current.size if current else 0}: it was restored from an older backup"
            )
        raise NotCosigned(f"it has cosigned a newer checkpoint, of {size} leaves")


def _is_size_conflict(response: httpx.Response) -> bool:
    """Return whether a witness rejects a submission because it has cosigned another size."""
    return response.status_code == CONFLICT and response.headers.get("Content-Type", "").startswith(
        witness_protocol.SIZE_TYPE
    )


def _find_own_line(witness: Witness, state: LogState, text: str) -> SignatureLine:
    """Return the line in a witness's response that its key has signed for this checkpoint."""
    note = notes.parse(state.checkpoint or b"")
    try:
        for line in notes.parse_lines(text):
            if Note(note.text, (line,)).signatures([witness.verifier]):
                return line
    except InvalidNote as error:
        raise NotCosigned(f"its response is not a cosignature: {error}") from error
    raise NotCosigned("its response has no line by its key")
