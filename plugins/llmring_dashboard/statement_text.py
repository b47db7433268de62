"""Statements as text: the checks of a verification and their results. Pure functions."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from llmring_dashboard.receipt_text import Step
from llmring_server.contracts.statements import KeptStatement, StatementProof

STEPS: Mapping[str, str] = {
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


def steps(proof: StatementProof) -> list[Step]:
    """Return the results of all checks, including skipped ones."""
    faults: dict[str, str | None] = {check.about: check.fault for check in proof.signature.checks}
    faults |= {check.about: check.fault for check in proof.checks}
    if proof.checks and "lines" not in faults:
        return [_step(about, faults, TOO_MANY) for about in STEPS]
    return [_step(about, faults) for about in STEPS]


def month(statement: KeptStatement) -> str | None:
    """Return the month (UTC) that a statement closes, such as `2026-10`, or None for one created on demand."""
    end: datetime | None = statement.said.end if statement.said else None
    if end is None or end != end.replace(day=1, hour=0, minute=0, second=0, microsecond=0):
        return None
    return f"{end - timedelta(days=1):%Y-%m}"


def _step(about: str, faults: Mapping[str, str | None], why_not: str | None = None) -> Step:
    """Return the result of a check; `why_not` is the reason if it was skipped."""
    if about in faults:
        return Step(STEPS[about], faults[about] is None, faults[about])
    return Step(STEPS[about], None, why_not)
