"""What clients send, read strictly: drafts to be signed, and receipts that somebody signed."""

from typing import Any

import msgspec

from llmring_receipts.formats import canonical, signing
from llmring_receipts.formats.canonical import InvalidValue
from llmring_receipts.receipts import models
from llmring_receipts.receipts.models import CallReceiptDraft, ReceiptDraft, ReceiptEnvelope, ReceiptRecord
from llmring_server.http import codec
from llmring_server.http.errors import FieldError, Problem

# What a payload says of a call by itself; with none of them, a usage_log_id stands for all of it.
CALL_FIELDS = {"model", "tokens", "cost"}


def parse_draft(body: bytes) -> ReceiptDraft | CallReceiptDraft:
    """Return what a body asks to be signed: a payload, or a logged call.

    Raises:
        Problem: 400 for what no receipt may hold, 422 for what does not fit.
    """
    parsed = _parse(body, exact=True)
    of_log = isinstance(parsed, dict) and "usage_log_id" in parsed and not CALL_FIELDS & parsed.keys()
    try:
        return msgspec.convert(parsed, CallReceiptDraft) if of_log else msgspec.convert(parsed, ReceiptDraft)
    except msgspec.ValidationError as error:
        hint = "the log fills the rest" if of_log else "what a receipt has no member for goes into ext"
        raise _add_hint(codec.validation_problem(error, "body"), hint) from error


def parse_receipt(body: bytes) -> dict[str, Any]:
    """Return the receipt of `{receipt: {…}}`.

    Raises:
        Problem: 400 for what no receipt may hold, 422 when there is none.
    """
    parsed = _parse(body, depth=canonical.MAX_DEPTH + 1)
    try:
        return msgspec.convert(parsed, ReceiptEnvelope).receipt
    except msgspec.ValidationError as error:
        raise codec.validation_problem(error, "body") from error


def to_record(project: str, receipt: dict[str, Any], content: bytes) -> ReceiptRecord:
    """Return a receipt with what finds it again, or raise the 422 for one without: its id, its key, its time."""
    receipt_id, key_id, when = receipt.get("id"), receipt.get("key_id"), signing.timestamp_of(receipt)
    if not isinstance(receipt_id, str) or not models.is_receipt_id(receipt_id):
        raise Problem.validation("body", "receipt", "id", msg="1 to 128 of A–Z a–z 0–9 . _ : ~ - are needed")
    if not isinstance(key_id, str):
        raise Problem.validation("body", "receipt", "key_id", msg="the id of the signing key is needed")
    if when is None:
        raise Problem.validation("body", "receipt", "timestamp", msg="an RFC 3339 time is needed, 2026-01-31T12:00:00Z")
    return ReceiptRecord(project, receipt_id, when, key_id, content)


def to_problem(status: int, refused: InvalidValue) -> Problem:
    """Return a refusal as an answer, with its place in the body."""
    loc = ("body", *refused.place)
    place = ".".join(str(step) for step in loc)
    return Problem(status, f"{place}: {refused.reason}", faults=[FieldError(loc, refused.reason)])


def _parse(body: bytes, *, exact: bool = False, depth: int = canonical.MAX_DEPTH) -> Any:
    try:
        return canonical.parse(body, exact=exact, depth=depth)
    except InvalidValue as error:
        raise to_problem(400, error) from error


def _add_hint(validation_problem: Problem, hint: str) -> Problem:
    """Say where an unknown member belongs."""
    if "unknown field" not in str(validation_problem.description):
        return validation_problem
    loc, msg = validation_problem.faults[0].loc, f"{validation_problem.faults[0].msg}; {hint}"
    return to_problem(422, InvalidValue(msg, loc[1:]))
