"""Issuing: from a draft to a signed receipt.

The fields of these structs stand in canonical order (RFC 8785 §3.2.3) and hold no floats, so that their JSON is
canonical as msgspec writes it: what is issued is spelt by structs, and checked by `canonical`, like anybody's.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import uuid_utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from llmring_receipts.formats import canonical, signing
from llmring_receipts.formats.canonical import InvalidValue
from llmring_receipts.receipts.models import ReceiptDraft, ReceiptRecord, is_receipt_id

_encode = msgspec.json.Encoder().encode


class SignedCost(msgspec.Struct, frozen=True):
    """A cost as we sign it: the amount is a decimal string without an exponent."""

    amount: str
    calculation: str | None
    currency: str


class SignedTokens(msgspec.Struct, frozen=True):
    """How many tokens a call took, as we sign it."""

    cached_input: int
    input: int
    output: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A signed receipt as we issue it; once signed it is its bytes, and never rebuilt from a struct."""

    alias: str | None
    cost: SignedCost
    ext: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    id: str
    key_id: str
    lock_digest: str | None
    model: str
    profile: str | None
    provider: str | msgspec.UnsetType = msgspec.UNSET
    registry_version: str | None
    signature: Annotated[str, msgspec.Meta(pattern="^ed25519:[A-Za-z0-9_-]{86}$")] | msgspec.UnsetType
    timestamp: Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
    tokens: SignedTokens
    usage_log_id: str | msgspec.UnsetType = msgspec.UNSET


def issue(draft: ReceiptDraft, project: str, key_id: str, key: Ed25519PrivateKey) -> ReceiptRecord:
    """Return the receipt that a draft asks for, signed; what the draft leaves out is made here.

    Raises:
        InvalidValue: a member does not fit; its place is named.
    """
    if draft.id is not None and not is_receipt_id(draft.id):
        raise InvalidValue(
            "a receipt id is 1 to 128 of A–Z a–z 0–9 . _ : ~ -, and not a word of the interface", ("id",)
        )
    if draft.key_id not in (None, key_id):
        raise InvalidValue(f"the key in use is {key_id!r}; leave this out", ("key_id",))
    moment = _utc(draft.timestamp)
    unsigned = _unsigned(draft, key_id, moment)
    signed = msgspec.structs.replace(unsigned, signature=signing.signature(_encode(unsigned), key))
    return ReceiptRecord(project, unsigned.id, moment, key_id, _encode(signed))


def _unsigned(draft: ReceiptDraft, key_id: str, moment: datetime) -> Receipt:
    tokens = draft.tokens
    return Receipt(
        alias=draft.alias,
        cost=SignedCost(_amount(draft.cost.amount), draft.cost.calculation, draft.cost.currency),
        ext=msgspec.UNSET if draft.ext is None else _ext(draft.ext),
        id=draft.id or str(uuid_utils.uuid7()),
        key_id=key_id,
        lock_digest=draft.lock_digest,
        model=draft.model,
        profile=draft.profile,
        provider=draft.provider or msgspec.UNSET,
        registry_version=draft.registry_version,
        signature=msgspec.UNSET,
        timestamp=moment.isoformat(timespec="microseconds")[:-6] + "Z",
        tokens=SignedTokens(tokens.cached_input or 0, tokens.input, tokens.output),
        usage_log_id=draft.usage_log_id or msgspec.UNSET,
    )


def _amount(value: object) -> str:
    try:
        return canonical.format_amount(value)
    except ValueError as error:
        raise InvalidValue(str(error), ("cost", "amount")) from error


def _utc(moment: datetime | None) -> datetime:
    try:
        return datetime.now(UTC) if moment is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise InvalidValue("this time has no place in the calendar in UTC", ("timestamp",)) from error


def _ext(ext: dict[str, Any]) -> msgspec.Raw:
    place = canonical.find_float(ext)
    if place is not None:
        raise InvalidValue(
            "a number with a fraction or an exponent is not signed; send it as a string", ("ext", *place)
        )
    return msgspec.Raw(canonical.canonicalize(ext))
