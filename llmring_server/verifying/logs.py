"""Check whether an entry is in a transparency log: its proof, the log's signature, and its witnesses."""

from datetime import UTC, datetime

from llmring_server.tlog import checkpoints, notes, proof_files
from llmring_server.tlog.checkpoints import Checkpoint, InvalidCheckpoint
from llmring_server.tlog.notes import InvalidNote, Verifier
from llmring_server.tlog.proof_files import InclusionProof
from llmring_server.tlog.proofs import InvalidProof
from llmring_server.verifying.policy import Policy
from llmring_server.verifying.verdict import Findings, Unreadable

SPLIT_VIEW = (
    "That others see the same log: no witness was required. The log is self-attested; compare the checkpoint with one "
    "that another reader has stored."
)


def read_proof(content: bytes) -> InclusionProof:
    """Return the proof in a file.

    Raises:
        Unreadable: it is not a proof.
    """
    try:
        return proof_files.parse(content)
    except InvalidProof as error:
        raise Unreadable(f"the proof: {error}") from error


def check_entry(findings: Findings, what: str, entry: bytes, proof: InclusionProof, policy: Policy) -> None:
    """Check whether an entry is in a log of the policy; `what` names it in findings."""
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
        "a holder of this checkpoint can detect when the entry is removed, changed or moved.",
    )


def check_checkpoint(findings: Findings, content: bytes, policy: Policy) -> tuple[Checkpoint, Verifier] | None:
    """Check whether a checkpoint is signed by a log of the policy and its witnesses; return it with the log."""
    try:
        checkpoint, note = checkpoints.read(content)
        signers = {(line.name, line.key_id) for line in note.lines}
        named = [one for one in policy.logs if one.name == checkpoint.origin]
        log = next((one for one in named if (one.name, one.key_id) in signers), named[0] if named else None)
        if log is None:
            findings.add_fault(
                "checkpoint", f"The checkpoint is for the log {checkpoint.origin!r}, which is not trusted."
            )
            return None
        checkpoints.open_checkpoint(content, log)
        check_witnesses(findings, note, policy)
    except (InvalidNote, InvalidCheckpoint) as error:
        findings.add_fault("checkpoint", f"The checkpoint is not valid: {error}.")
        return None
    return checkpoint, log


def older_checkpoint(findings: Findings, content: bytes, log: Verifier) -> Checkpoint | None:
    """Return an older checkpoint of a log; witnesses are required of the newer one only."""
    separate = Findings(findings.subject)
    found = check_checkpoint(separate, content, Policy((log,)))
    for fault in separate.verdict().faults:
        findings.add_fault("older", f"Older checkpoint: {fault.text}")
    return found[0] if found else None


def check_witnesses(findings: Findings, note: notes.Note, policy: Policy) -> None:
    """Check which witnesses of the policy have cosigned, and whether they satisfy it.

    Raises:
        InvalidNote: a cosignature of a known witness is not valid.
    """
    signed = note.signatures(policy.witnesses.values())
    for one in signed:
        when = datetime.fromtimestamp(one.time or 0, UTC).isoformat(timespec="seconds")
        findings.add_proven("witness", f"The witness {one.verifier.name} saw this tree by {when}, and no fork of it.")
    if not policy.is_satisfied_by({one.verifier for one in signed}):
        findings.add_fault("witnesses", "Too few of the policy's witnesses have cosigned the checkpoint.")
    if policy.quorum is None:
        findings.add_unproven("split-view", SPLIT_VIEW)
