"""Statements in words: what each step of verifying one asks, and how it ended. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from llmring_dashboard.receipt_text import Step
from llmring_server.contracts.statements import KeptStatement, StatementProof

STEPS: Mapping[str, str] = {
    "content_readable": "The bytes that are kept read as a signed document.",
    "key_known": "The key that the statement names is one of this server's keys.",
    "signature_present": "The statement carries a signature.",
    "signature_spelling": "The signature is spelt as one: ed25519 and 64 bytes.",
    "signature_match": "The signature is that key's, over exactly this content: not a character was changed since.",
    "key_trusted": "The key may be believed: it is not compromised, and was not retired before the statement's date.",
    "follows": "It follows the statement before it, with no line and no time between them.",
    "lines": "The lines that are kept lead to the root that was signed: none is missing, changed, moved or added.",
    "totals": "The lines that are kept add up exactly to the totals that were signed.",
}
TOO_MANY = "there are more lines than are looked at here; download them, and check them with the command below"


def steps(proof: StatementProof) -> list[Step]:
    """Return every step of a verification, those that were not taken too."""
    faults: dict[str, str | None] = {check.about: check.fault for check in proof.signature.checks}
    faults |= {check.about: check.fault for check in proof.checks}
    if proof.checks and "lines" not in faults:
        return [_step(about, faults, TOO_MANY) for about in STEPS]
    return [_step(about, faults) for about in STEPS]


def month(statement: KeptStatement) -> str | None:
    """Return the month that a statement closes (UTC), `2026-10`, or None for one that was made on demand."""
    end: datetime | None = statement.said.end if statement.said else None
    if end is None or end != end.replace(day=1, hour=0, minute=0, second=0, microsecond=0):
        return None
    return f"{end - timedelta(days=1):%Y-%m}"


def _step(about: str, faults: Mapping[str, str | None], why_not: str | None = None) -> Step:
    """Return how a step ended; `why_not` says why one that was not taken was not."""
    if about in faults:
        return Step(STEPS[about], faults[about] is None, faults[about])
    return Step(STEPS[about], None, why_not)
