"""Check a receipt's signature, and its proof from a transparency log."""

from pathlib import Path
from typing import Any

from llmring_receipts.checks.signed import check_signature, read_document, read_keys
from llmring_receipts.formats import canonical
from llmring_server.tlog import leaves
from llmring_server.verifying import files, logs
from llmring_server.verifying.policy import Policy
from llmring_server.verifying.verdict import Findings, Unreadable

TRUE = "That the call took place, or that its numbers are true: the server signs what it received."
MISSING = "That no receipt is missing, and that there is no second one with this id."
TIME = "When it was signed: the timestamp is part of the claim."
OPERATOR = (
    "Anything against the holder of the key: without a proof from the transparency log, the holder can sign another "
    "history."
)


def check_receipt(
    findings: Findings, receipt: Path, known: Path, proof: Path | None, policy: Policy | None
) -> dict[str, Any]:
    """Check a receipt's signature, and its proof if given; return the receipt.

    Raises:
        Unreadable: a file cannot be parsed, or there is a proof and no trusted log.
    """
    document = read_document(receipt, "receipt")
    if "type" in document:
        raise Unreadable(f"{receipt} is not a receipt: its type is {document['type']!r}")
    check_signature(findings, document, read_keys(known), "receipt")
    if proof is None:
        findings.add_unproven("operator", OPERATOR)
    elif policy is None:
        raise Unreadable("a proof needs a trusted log: give --vkey or --policy")
    else:
        check_proof(findings, document, proof, policy)
    for code, text in (("truth", TRUE), ("completeness", MISSING), ("time", TIME)):
        findings.add_unproven(code, text)
    return document


def check_proof(findings: Findings, receipt: dict[str, Any], proof: Path, policy: Policy) -> None:
    """Check whether the proof shows that a receipt is in a log of the policy, and as which of its project's.

    Raises:
        Unreadable: the file is not a proof.
    """
    found = logs.read_proof(files.read(proof))
    if found.extra is None:
        raise Unreadable(f"{proof} does not open the entry: its line `extra` with project, number and salt is missing")
    try:
        opened = leaves.parse_opening(found.extra)
        entry = leaves.receipt_entry(opened, canonical.canonicalize(receipt))
    except ValueError as error:
        raise Unreadable(f"{proof}: {error}") from error
    what = f"This receipt, as number {opened.seq} of project {opened.project},"
    logs.check_entry(findings, what, entry, found, policy)
