"""Whether an entry is in a transparency log: its proof, the log's signature, and its witnesses."""

from datetime import UTC, datetime

from llmring_server.tlog import checkpoints, notes, proof_files
from llmring_server.tlog.checkpoints import Checkpoint, InvalidCheckpoint
from llmring_server.tlog.notes import InvalidNote, Verifier
from llmring_server.tlog.proof_files import InclusionProof
from llmring_server.tlog.proofs import InvalidProof
from llmring_server.verifying.policy import Policy
from llmring_server.verifying.verdict import Findings, Unreadable

SPLIT_VIEW = (
    "that others are shown the same log: no witness was asked for. It is self-attested; compare the checkpoint with "
    "one that somebody else kept"
)


def read_proof(content: bytes) -> InclusionProof:
    """Return the proof that a file holds.

    Raises:
        Unreadable: it holds none.
    """
    try:
        return proof_files.parse(content)
    except InvalidProof as error:
        raise Unreadable(f"the proof: {error}") from error


def check_entry(findings: Findings, what: str, entry: bytes, proof: InclusionProof, policy: Policy) -> None:
    """Note whether an entry is in a log of the policy; `what` names it in sentences."""
    found = check_checkpoint(findings, proof.checkpoint, policy)
    if found is None:
        return
    checkpoint, log = found
    try:
        proof.check(entry, log)
    except (InvalidNote, InvalidCheckpoint, InvalidProof) as error:
        findings.add_fault("inclusion", f"{what} is not shown to be in the log: {error}")
        return
    findings.add_proven(
        "inclusion",
        f"{what} is entry {proof.index} of the log {log.name}, whose tree of size {checkpoint.size} the log signed: "
        "who has this checkpoint sees when the entry is taken out, changed or moved",
    )


def check_checkpoint(findings: Findings, content: bytes, policy: Policy) -> tuple[Checkpoint, Verifier] | None:
    """Note whether a checkpoint is signed by a log of the policy and by its witnesses; return it with the log."""
    try:
        checkpoint, note = checkpoints.read(content)
        signers = {(line.name, line.key_id) for line in note.lines}
        named = [one for one in policy.logs if one.name == checkpoint.origin]
        log = next((one for one in named if (one.name, one.key_id) in signers), named[0] if named else None)
        if log is None:
            findings.add_fault(
                "checkpoint", f"the checkpoint is of the log {checkpoint.origin!r}, which is not trusted"
            )
            return None
        checkpoints.open_checkpoint(content, log)
        check_witnesses(findings, note, policy)
    except (InvalidNote, InvalidCheckpoint) as error:
        findings.add_fault("checkpoint", f"the checkpoint does not count: {error}")
        return None
    return checkpoint, log


def older_checkpoint(findings: Findings, content: bytes, log: Verifier) -> Checkpoint | None:
    """Return an older checkpoint of a log; what was asked of witnesses is asked of the newer one alone."""
    aside = Findings(findings.subject)
    found = check_checkpoint(aside, content, Policy((log,)))
    for fault in aside.verdict().faults:
        findings.add_fault("older", f"of the older checkpoint: {fault.text}")
    return found[0] if found else None


def check_witnesses(findings: Findings, note: notes.Note, policy: Policy) -> None:
    """Note which witnesses of the policy have cosigned, and whether they are enough.

    Raises:
        InvalidNote: a cosignature of a witness that is known is not good.
    """
    signed = note.signatures(policy.witnesses.values())
    for one in signed:
        when = datetime.fromtimestamp(one.time or 0, UTC).isoformat(timespec="seconds")
        findings.add_proven(
            "witness", f"the witness {one.verifier.name} had seen this tree by {when}, and no fork of it"
        )
    if not policy.is_satisfied_by({one.verifier for one in signed}):
        findings.add_fault(
            "witnesses", "too few of the witnesses that the policy asks for have cosigned the checkpoint"
        )
    if policy.quorum is None:
        findings.add_unproven("split-view", SPLIT_VIEW)
