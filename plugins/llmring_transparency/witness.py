"""A witness server: cosigns checkpoints of known logs if they continue the previous one."""

import asyncio
import fcntl
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import falcon
import falcon.asgi

from llmring_server.tlog import checkpoints, witness_protocol
from llmring_server.tlog.checkpoints import Checkpoint
from llmring_server.tlog.notes import Verifier
from llmring_server.tlog.signers import Signer
from llmring_server.tlog.witness_protocol import SubmissionRejected
from llmring_transparency.storage import atomic_files

TEXT = "text/plain; charset=utf-8"
MAX_BODY = 65_536


class CheckpointStore:
    """The newest cosigned checkpoint of each log, one file per log in `folder`, stored before it is cosigned.

    Several of `logs` may be keys of one log, with the same name.
    """

    def __init__(self, folder: Path, signer: Signer, logs: Sequence[Verifier]) -> None:
        self._folder = folder
        self._signer = signer
        self._logs: dict[str, list[Verifier]] = {}
        for log in logs:
            self._logs.setdefault(log.name, []).append(log)

    def add(self, content: bytes) -> str:
        """Store a submission's checkpoint and return its cosignature line. Blocks; one submission per log at a time.

        Raises:
            SubmissionRejected: it is not cosigned.
            InvalidNote, InvalidCheckpoint: the file with the log's newest checkpoint is malformed.
        """
        submission = witness_protocol.parse(content)
        checkpoint, note = witness_protocol.open_submission(submission, self._logs)
        with self._locked(checkpoint.origin) as path:
            witness_protocol.check(submission, checkpoint, _latest(path))
            atomic_files.replace(path, submission.note)
            return self._signer.sign(note.text).text()

    @contextmanager
    def _locked(self, origin: str) -> Iterator[Path]:
        path = self._folder / hashlib.sha256(origin.encode()).hexdigest()
        with path.with_suffix(".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield path


class AddCheckpoint:
    """`POST /add-checkpoint`."""

    def __init__(self, store: CheckpointStore) -> None:
        self._store = store

    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Cosign a checkpoint with the proof that it continues the previous one (C2SP tlog-witness)."""
        content = await req.stream.read(MAX_BODY + 1)
        if len(content) > MAX_BODY:
            raise falcon.HTTPContentTooLarge(description=f"A submission has at most {MAX_BODY} bytes.")
        resp.content_type = TEXT
        try:
            resp.text = await asyncio.to_thread(self._store.add, content)
        except SubmissionRejected as error:
            resp.status = falcon.code_to_http_status(error.status)
            resp.text = f"{error}\n"
            if error.size is not None:
                resp.content_type, resp.text = witness_protocol.SIZE_TYPE, f"{error.size}\n"


def create_app(store: CheckpointStore) -> "falcon.asgi.App[falcon.asgi.Request, falcon.asgi.Response]":
    """Return the witness as an ASGI application."""
    app = falcon.asgi.App()
    app.add_route("/add-checkpoint", AddCheckpoint(store))
    return app


def _latest(path: Path) -> Checkpoint | None:
    try:
        return checkpoints.read(path.read_bytes())[0]
    except FileNotFoundError:
        return None
