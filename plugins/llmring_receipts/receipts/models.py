"""Request and response bodies of receipts, their rows, and cursors."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from llmring_receipts.formats import keys

RECEIPT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}")
RESERVED = frozenset({"issue", "verify", "calls"})

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Note = Annotated[str, msgspec.Meta(max_length=1024)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]
Amount = Annotated[
    Any,
    msgspec.Meta(
        description="USD or another currency, exact: a number or a string, at most 60 decimals; signed as a string",
        extra_json_schema={"anyOf": [{"type": "string"}, {"type": "number"}]},
    ),
]


class ReceiptTokens(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many tokens a call used."""

    input: Count
    output: Count
    cached_input: Count | None = None


class ReceiptCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cost of a call, and how it was calculated (`registry`, a formula, …)."""

    amount: Amount
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] = "USD"
    calculation: Note | None = None


class ReceiptDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An unsigned receipt; additional data goes into `ext`, any JSON without floats."""

    model: Text
    tokens: ReceiptTokens
    cost: ReceiptCost
    id: str | None = None
    timestamp: Timestamp | None = None
    key_id: str | None = None
    registry_version: Text | None = None
    alias: Text | None = None
    profile: Text | None = None
    lock_digest: Text | None = None
    provider: Text | None = None
    usage_log_id: Text | None = None
    ext: dict[str, Any] | None = None


class CallReceiptDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receipt of a logged call: its log entry fills all other fields."""

    usage_log_id: Text
    id: str | None = None
    lock_digest: Text | None = None
    ext: dict[str, Any] | None = None


class ReceiptEnvelope(msgspec.Struct, frozen=True):
    """A signed receipt in a body; the signature covers all of its fields."""

    receipt: dict[str, Any]


class ReceiptIssueQuery(msgspec.Struct, frozen=True):
    """`?store=true` also stores the receipt."""

    store: bool = False


class ReceiptsQuery(msgspec.Struct, frozen=True):
    """`?limit=&cursor=`; the cursor comes from the `Link` header of the previous page."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    cursor: str | None = None


class ReceiptKeyQuery(msgspec.Struct, frozen=True):
    """`?kid=`; absent means the current key."""

    kid: str | None = None


class ReceiptStatus(msgspec.Struct, frozen=True):
    """The result of storing a receipt: `verified` if it is new, `exists` if the same one was stored before."""

    receipt_id: str
    status: str


Issuer = Literal["self", "trusted"]
TakenBack = Literal["voided", "superseded"]
CallStatus = Literal["counts", TakenBack]


class ReceiptCall(msgspec.Struct, frozen=True, kw_only=True):
    """The status of the call of a receipt; the receipt stays as it was signed, and its signature valid.

    `call` is `counts`, or the call was taken back at `corrected_at` (UTC): it was voided, or superseded by the log
    entry `superseded_by`. `usage_log_id` is null for a receipt that names no log entry.
    """

    receipt_id: str
    usage_log_id: str | None
    call: CallStatus
    superseded_by: str | None
    corrected_at: datetime | None
    reason: str | None


class ReceiptVerdict(msgspec.Struct, frozen=True):
    """Whether a receipt's signature is valid, the reason if not, and whose key it names.

    `issuer` is `self` for a key of this deployment, `trusted` for a trusted issuer's, null for an unknown key. A
    receipt stays valid when its call is taken back: for a receipt that is stored here, `call` is then present, and
    `superseded_by` the log entry that counts instead.
    """

    valid: bool
    reason: str | None
    key_id: str | None
    issuer: Issuer | None
    call: TakenBack | msgspec.UnsetType = msgspec.UNSET
    superseded_by: str | msgspec.UnsetType = msgspec.UNSET


class ReceiptRecord(msgspec.Struct, frozen=True):
    """A project's receipt as stored: its canonical bytes with the signature, and its keys for lookup."""

    project_id: str
    receipt_id: str
    issued_at: datetime
    key_id: str
    content: bytes


class ReceiptRow(msgspec.Struct, frozen=True):
    """A receipt as it is read from the database."""

    receipt_id: str
    issued_at: datetime
    content: bytes


class ReceiptCursor(msgspec.Struct, frozen=True, array_like=True):
    """The last receipt of a page, newest first."""

    issued_at: datetime
    receipt_id: str

    def encode(self) -> str:
        """Return the cursor for a URL."""
        return keys.encode(msgspec.json.encode(self))


def parse_cursor(text: str) -> ReceiptCursor:
    """Return the cursor that a URL carries.

    Raises:
        ValueError: it is not a cursor of this list.
    """
    try:
        found = msgspec.json.decode(keys.decode(text, len(text) * 3 // 4), type=ReceiptCursor)
    except (msgspec.MsgspecError, keys.InvalidKey) as error:
        raise ValueError("Not a cursor of this list; take it from the Link header.") from error
    if found.issued_at.tzinfo is None or not is_receipt_id(found.receipt_id):
        raise ValueError("Not a cursor of this list; take it from the Link header.")
    return found


def is_receipt_id(text: object) -> bool:
    """Return whether a value can be a receipt's id: 1–128 of `A–Z a–z 0–9 . _ : ~ -`, and not a reserved word."""
    return isinstance(text, str) and bool(RECEIPT_ID.fullmatch(text)) and text not in RESERVED
