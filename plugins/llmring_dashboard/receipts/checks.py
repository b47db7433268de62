"""The checks of a verification as text: what each check asserts, and its result. Pure functions."""

from collections.abc import Mapping

import msgspec

from llmring_server.contracts.receipts import ReceiptProof
from llmring_server.contracts.statements import StatementProof

RECEIPT_CHECKS: Mapping[str, str] = {
    "content_readable": "The stored data is a well-formed receipt.",
    "key_known": "The key named in the receipt is one of this server's keys.",
    "signature_present": "The receipt has a signature.",
    "signature_spelling": "The signature is well-formed (Ed25519, 64 bytes).",
    "signature_match": "The signature was made by this key over this exact content.",
    "key_trusted": "The key is trusted: it is not compromised, and was not retired before the receipt's date.",
}
STATEMENT_CHECKS: Mapping[str, str] = {
    "content_readable": "The stored data is a well-formed signed document.",
    "key_known": "The key named in the statement is one of this server's keys.",
    "signature_present": "The statement has a signature.",
    "signature_spelling": "The signature is well-formed (Ed25519, 64 bytes).",
    "signature_match": "The signature was made by this key over this exact content.",
    "key_trusted": "The key is trusted: it is not compromised, and was not retired before the statement's date.",
    "follows": "It continues the previous statement without a gap.",
    "lines": "The stored lines match the signed Merkle root: none is missing, changed, moved or added.",
    "totals": "The stored lines add up exactly to the signed totals.",
}
TOO_MANY = "there are too many lines to check here; download them and run the command below"


class CheckResult(msgspec.Struct, frozen=True):
    """The result of one check; `passed` is None for a skipped one.

    `fault` is the failure, or the reason for skipping it unless an earlier check failed.
    """

    label: str
    passed: bool | None
    fault: str | None


def list_receipt_checks(proof: ReceiptProof) -> list[CheckResult]:
    """Return the results of all checks of a receipt, including skipped ones."""
    faults: dict[str, str | None] = {check.about: check.fault for check in proof.checks}
    return [_result(about, RECEIPT_CHECKS, faults) for about in RECEIPT_CHECKS]


def list_statement_checks(proof: StatementProof) -> list[CheckResult]:
    """Return the results of all checks of a statement, including skipped ones."""
    faults: dict[str, str | None] = {check.about: check.fault for check in proof.signature.checks}
    faults |= {check.about: check.fault for check in proof.checks}
    reason = TOO_MANY if proof.checks and "lines" not in faults else None
    return [_result(about, STATEMENT_CHECKS, faults, reason) for about in STATEMENT_CHECKS]


def _result(
    about: str, labels: Mapping[str, str], faults: Mapping[str, str | None], skip_reason: str | None = None
) -> CheckResult:
    """Return the result of a check; `skip_reason` is the reason if it was skipped."""
    if about in faults:
        return CheckResult(labels[about], faults[about] is None, faults[about])
    return CheckResult(labels[about], None, skip_reason)
