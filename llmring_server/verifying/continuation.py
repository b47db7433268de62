"""Check whether a checkpoint continues an older one, by a consistency proof from the log's server."""

from pathlib import Path

import msgspec

from llmring_server.tlog import proof_files
from llmring_server.tlog.checkpoints import Checkpoint
from llmring_server.tlog.proofs import InvalidProof, check_consistency
from llmring_server.verifying.files import read
from llmring_server.verifying.logs import check_checkpoint, older_checkpoint
from llmring_server.verifying.policy import Policy
from llmring_server.verifying.verdict import Findings, Unreadable


class ConsistencyProof(msgspec.Struct, frozen=True):
    """A response of `/tlog/consistency`: the tree of `old` leaves is a prefix of the tree of `new`; in base64."""

    old: int
    new: int
    proof: list[str]


def check_continuation(findings: Findings, older: bytes, newer: bytes, proof: Path, policy: Policy) -> None:
    """Check whether the log of a newer checkpoint begins with the tree of an older one.

    Raises:
        Unreadable: the file is not a proof, or is for trees of other sizes.
    """
    given = _read_proof(proof)
    found = check_checkpoint(findings, newer, policy)
    was = older_checkpoint(findings, older, found[1]) if found else None
    if found is None or was is None:
        return
    now = found[0]
    if was.size > now.size:
        findings.add_fault("older", f"The older checkpoint has size {was.size}, the newer only {now.size}.")
    elif (given.old, given.new) != (was.size, now.size):
        raise Unreadable(
            f"{proof} is a proof for the sizes {given.old} and {given.new}; these checkpoints need "
            f"/tlog/consistency?old={was.size}&new={now.size}"
        )
    else:
        _check(findings, was, now, given)


def _check(findings: Findings, was: Checkpoint, now: Checkpoint, given: ConsistencyProof) -> None:
    try:
        check_consistency(was.size, now.size, was.root, now.root, proof_files.parse_hashes(given.proof))
    except InvalidProof as error:
        findings.add_fault("consistency", f"The log is not shown to continue the older checkpoint: {error}")
    else:
        findings.add_proven(
            "consistency",
            f"The first {was.size} of the {now.size} entries of the log {now.origin} are those of the older "
            "checkpoint: none was removed, changed or moved since.",
        )


def _read_proof(path: Path) -> ConsistencyProof:
    try:
        return msgspec.json.decode(read(path), type=ConsistencyProof)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Unreadable(f"{path} is not a response of /tlog/consistency: {error}") from error
