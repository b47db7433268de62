"""Submissions of a log to a witness, and the witness's checks (C2SP tlog-witness)."""

from collections.abc import Mapping, Sequence

import msgspec

from llmring_server.tlog import base64, checkpoints, proof_files
from llmring_server.tlog.checkpoints import Checkpoint, InvalidCheckpoint
from llmring_server.tlog.notes import InvalidNote, Note, Verifier
from llmring_server.tlog.proofs import InvalidProof, check_consistency

SIZE_TYPE = "text/x.tlog.size"


class CheckpointSubmission(msgspec.Struct, frozen=True):
    """A submitted checkpoint: the size that the witness knows, the proof from there, and the signed note."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def content(self) -> bytes:
        """Return the body of the request."""
        lines = [f"old {self.old}", *map(base64.encode, self.proof), "", ""]
        return "\n".join(lines).encode() + self.note


class SubmissionRejected(Exception):
    """A submission is not cosigned: the status of the response, and for a wrong old size the right one."""

    def __init__(self, status: int, reason: str, size: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.size = size


def parse(content: bytes) -> CheckpointSubmission:
    """Return the submission in a request's body.

    Raises:
        SubmissionRejected: it is malformed.
    """
    head, blank, note = content.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
        if not blank or not first.startswith("old "):
            raise SubmissionRejected(
                400, "A submission begins with `old` and a size, and has an empty line before the checkpoint."
            )
        return CheckpointSubmission(
            checkpoints.parse_size(first.removeprefix("old ")), proof_files.parse_hashes(lines), note
        )
    except (UnicodeDecodeError, InvalidCheckpoint, InvalidProof) as error:
        raise SubmissionRejected(400, f"Not a submission: {error}") from error


def open_submission(
    submission: CheckpointSubmission, logs: Mapping[str, Sequence[Verifier]]
) -> tuple[Checkpoint, Note]:
    """Return the checkpoint that a known log has signed; `logs` has the keys of each log by name.

    Raises:
        SubmissionRejected: not a checkpoint, of an unknown log, or not signed by it.
    """
    try:
        checkpoint, note = checkpoints.read(submission.note)
        if checkpoint.origin not in logs:
            raise SubmissionRejected(404, f"The log {checkpoint.origin} is unknown here.")
        checkpoints.open_checkpoint(submission.note, *logs[checkpoint.origin])
    except InvalidNote as error:
        raise SubmissionRejected(403, str(error)) from error
    except InvalidCheckpoint as error:
        raise SubmissionRejected(400, str(error)) from error
    return checkpoint, note


def check(submission: CheckpointSubmission, checkpoint: Checkpoint, latest: Checkpoint | None) -> None:
    """Check that a checkpoint continues the latest cosigned one, None if there is none.

    Raises:
        SubmissionRejected: it does not, or the submission does not show it.
    """
    size = latest.size if latest else 0
    if submission.old > checkpoint.size:
        raise SubmissionRejected(400, "The old size is larger than the checkpoint's.")
    if submission.old != size:
        raise SubmissionRejected(409, f"The latest checkpoint cosigned here has {size} leaves.", size)
    if latest and checkpoint.size == size and checkpoint.root != latest.root:
        raise SubmissionRejected(409, f"Another root was cosigned for {size} leaves: the log was forked.", size)
    try:
        old_root = latest.root if latest else checkpoint.root
        check_consistency(size, checkpoint.size, old_root, checkpoint.root, submission.proof)
    except InvalidProof as error:
        raise SubmissionRejected(422, str(error)) from error
