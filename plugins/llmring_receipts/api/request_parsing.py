"""Parse requests strictly: drafts to sign, signed receipts, and pages of receipts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import falcon.asgi
import msgspec

from llmring_receipts.formats import canonical, signing
from llmring_receipts.formats.canonical import InvalidValue
from llmring_receipts.receipts import models
from llmring_receipts.receipts.models import (
    CallReceiptDraft,
    ReceiptDraft,
    ReceiptEnvelope,
    ReceiptRecord,
    ReceiptRow,
    ReceiptsQuery,
)
from llmring_receipts.receipts.store import ReceiptStore
from llmring_server.http import codec
from llmring_server.http.errors import FieldError, Problem

# The fields of a draft that describe a call; a body with usage_log_id and none of them refers to a logged call.
CALL_FIELDS = {"model", "tokens", "cost"}
MAX_CLOCK_SKEW = timedelta(minutes=5)


def parse_draft(body: bytes) -> ReceiptDraft | CallReceiptDraft:
    """Return the draft of a body: a payload, or a reference to a logged call.

    Raises:
        Problem: 400 for JSON that a receipt must not contain, 422 for invalid fields.
    """
    parsed = _parse(body, exact=True)
    of_log = isinstance(parsed, dict) and "usage_log_id" in parsed and not CALL_FIELDS & parsed.keys()
    try:
        if of_log:
            return msgspec.convert(parsed, CallReceiptDraft)
        draft = msgspec.convert(parsed, ReceiptDraft)
    except msgspec.ValidationError as error:
        hint = "The log fills the rest" if of_log else "Put additional data into ext"
        raise _add_hint(codec.validation_problem(error, "body"), hint) from error
    _check_timestamp(draft.timestamp, "body", "timestamp")
    return draft


def parse_receipt(body: bytes) -> dict[str, Any]:
    """Return the receipt of `{receipt: {…}}`.

    Raises:
        Problem: 400 for JSON that a receipt must not contain, 422 without a receipt.
    """
    parsed = _parse(body, depth=canonical.MAX_DEPTH + 1)
    try:
        return msgspec.convert(parsed, ReceiptEnvelope).receipt
    except msgspec.ValidationError as error:
        raise codec.validation_problem(error, "body") from error


async def read_page(
    store: ReceiptStore, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: ReceiptsQuery
) -> Sequence[ReceiptRow]:
    """Return the receipts of a page, and set the link to the next one.

    Raises:
        Problem: 422 for a text that is not a cursor.
    """
    try:
        after = models.parse_cursor(query.cursor) if query.cursor else None
    except ValueError as error:
        raise Problem.validation("query", "cursor", msg=str(error)) from error
    rows, cursor = await store.page(req.context.project_id, query.limit, after)
    if cursor is not None:
        following = f"{req.root_path}{req.path}?limit={query.limit}&cursor={cursor.encode()}"
        resp.set_header("Link", f'<{following}>; rel="next"')
    return rows


def to_record(project: str, receipt: dict[str, Any], content: bytes) -> ReceiptRecord:
    """Return the record of a receipt.

    Raises:
        Problem: 422, its id, key id or timestamp is missing or malformed, or it is dated in the future.
    """
    receipt_id, key_id, when = receipt.get("id"), receipt.get("key_id"), signing.timestamp_of(receipt)
    if not isinstance(receipt_id, str) or not models.is_receipt_id(receipt_id):
        raise Problem.validation("body", "receipt", "id", msg="Must be 1 to 128 characters of A–Z a–z 0–9 . _ : ~ -.")
    if not isinstance(key_id, str):
        raise Problem.validation("body", "receipt", "key_id", msg="Must be the id of the signing key.")
    if when is None:
        raise Problem.validation("body", "receipt", "timestamp", msg="Must be an RFC 3339 time: 2026-01-31T12:00:00Z.")
    _check_timestamp(when, "body", "receipt", "timestamp")
    return ReceiptRecord(project, receipt_id, when, key_id, content)


def to_problem(status: int, error: InvalidValue) -> Problem:
    """Return the problem for an invalid value, with its location in the body."""
    loc = ("body", *error.path)
    field = ".".join(map(str, loc))
    return Problem(status, f"{field}: {error.sentence}", faults=[FieldError(loc, error.sentence)])


def _check_timestamp(given: datetime | None, *loc: str) -> None:
    """Refuse a date in the future, as far as clocks agree.

    Raises:
        Problem: 422, it is more than 5 minutes ahead.
    """
    now = datetime.now(UTC)
    if given is not None and given > now + MAX_CLOCK_SKEW:
        raise Problem.validation(*loc, msg=f"More than 5 minutes ahead of this server's clock ({now:%FT%TZ}).")


def _parse(body: bytes, *, exact: bool = False, depth: int = canonical.MAX_DEPTH) -> Any:
    try:
        return canonical.parse(body, exact=exact, depth=depth)
    except InvalidValue as error:
        raise to_problem(400, error) from error


def _add_hint(validation_problem: Problem, hint: str) -> Problem:
    """Add a hint to the problem of an unknown field."""
    if "unknown field" not in str(validation_problem.description):
        return validation_problem
    fault = validation_problem.faults[0]
    return to_problem(422, InvalidValue(f"{fault.msg.removesuffix('.')}. {hint}", fault.loc[1:]))
