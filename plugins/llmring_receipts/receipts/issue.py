"""Issue a receipt: build it from a draft and sign it.

The fields of these structs are in canonical order (RFC 8785 §3.2.3) and contain no floats, so that msgspec writes
canonical JSON.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import uuid_utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from llmring_receipts.formats import canonical, signing
from llmring_receipts.formats.canonical import InvalidValue
from llmring_receipts.receipts.models import ReceiptDraft, ReceiptRecord, is_receipt_id

Counts = Mapping[str, int | Mapping[str, int]]
SignedRates = Mapping[str, str | Mapping[str, "SignedUnitRate"]]

_encode = msgspec.json.Encoder().encode


class SignedCost(msgspec.Struct, frozen=True):
    """A cost as it is signed: the amount is a decimal string without an exponent."""

    amount: str
    calculation: str | None
    currency: str


class SignedTokens(msgspec.Struct, frozen=True):
    """The tokens of a call as they are signed."""

    cached_input: int
    input: int
    output: int


class SignedUnitRate(msgspec.Struct, frozen=True):
    """The rate of a unit as it is signed: `usd`, a decimal string, for `per` of it."""

    per: int
    usd: str


class SignedBasis(msgspec.Struct, frozen=True, kw_only=True):
    """What the cost of a logged call was computed from, as it is signed; see `formats.cost_basis`.

    `billed` has disjoint counts of tokens by kind, and of other things in `units`; `rates` has the USD per million
    tokens, and that of units.
    """

    billed: Counts | msgspec.UnsetType = msgspec.UNSET
    cost_status: str | msgspec.UnsetType = msgspec.UNSET
    discount: str | msgspec.UnsetType = msgspec.UNSET
    list_cost: str | msgspec.UnsetType = msgspec.UNSET
    matched: str | msgspec.UnsetType = msgspec.UNSET
    price_notes: Sequence[str] | msgspec.UnsetType = msgspec.UNSET
    price_source: str | msgspec.UnsetType = msgspec.UNSET
    price_version: str | msgspec.UnsetType = msgspec.UNSET
    priced_as: str | msgspec.UnsetType = msgspec.UNSET
    rates: SignedRates | msgspec.UnsetType = msgspec.UNSET


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A signed receipt; after signing only its bytes are used, never a struct built again.

    Only the receipt of a logged call has the fields of `SignedBasis`.
    """

    alias: str | None
    billed: Counts | msgspec.UnsetType = msgspec.UNSET
    cost: SignedCost
    cost_status: str | msgspec.UnsetType = msgspec.UNSET
    discount: str | msgspec.UnsetType = msgspec.UNSET
    ext: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    id: str
    key_id: str
    list_cost: str | msgspec.UnsetType = msgspec.UNSET
    lock_digest: str | None
    matched: str | msgspec.UnsetType = msgspec.UNSET
    model: str
    price_notes: Sequence[str] | msgspec.UnsetType = msgspec.UNSET
    price_source: str | msgspec.UnsetType = msgspec.UNSET
    price_version: str | msgspec.UnsetType = msgspec.UNSET
    priced_as: str | msgspec.UnsetType = msgspec.UNSET
    profile: str | None
    provider: str | msgspec.UnsetType = msgspec.UNSET
    rates: SignedRates | msgspec.UnsetType = msgspec.UNSET
    registry_version: str | None
    signature: Annotated[str, msgspec.Meta(pattern="^ed25519:[A-Za-z0-9_-]{86}$")] | msgspec.UnsetType
    timestamp: Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
    tokens: SignedTokens
    usage_log_id: str | msgspec.UnsetType = msgspec.UNSET


def issue(
    draft: ReceiptDraft, project: str, key_id: str, key: Ed25519PrivateKey, basis: SignedBasis | None = None
) -> ReceiptRecord:
    """Return the signed receipt of a draft; a missing id and timestamp are generated.

    `basis` is that of a logged call's cost.

    Raises:
        InvalidValue: a field is not valid; the error has its path.
    """
    if draft.id is not None and not is_receipt_id(draft.id):
        raise InvalidValue(
            "a receipt id is 1 to 128 characters of A–Z a–z 0–9 . _ : ~ -, and not a reserved word", ("id",)
        )
    if draft.key_id not in (None, key_id):
        raise InvalidValue(f"the current key is {key_id!r}; omit this field", ("key_id",))
    moment = _to_utc(draft.timestamp)
    unsigned = _build_unsigned(draft, key_id, moment, basis or SignedBasis())
    signed = msgspec.structs.replace(unsigned, signature=signing.signature(_encode(unsigned), key))
    return ReceiptRecord(project, unsigned.id, moment, key_id, _encode(signed))


def _build_unsigned(draft: ReceiptDraft, key_id: str, moment: datetime, basis: SignedBasis) -> Receipt:
    tokens = draft.tokens
    return Receipt(
        alias=draft.alias,
        cost=SignedCost(_format_amount(draft.cost.amount), draft.cost.calculation, draft.cost.currency),
        ext=msgspec.UNSET if draft.ext is None else _encode_ext(draft.ext),
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
        **msgspec.structs.asdict(basis),
    )


def _format_amount(value: object) -> str:
    try:
        return canonical.format_amount(value)
    except ValueError as error:
        raise InvalidValue(str(error), ("cost", "amount")) from error


def _to_utc(moment: datetime | None) -> datetime:
    try:
        return datetime.now(UTC) if moment is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise InvalidValue("this time is outside the calendar in UTC", ("timestamp",)) from error


def _encode_ext(ext: dict[str, Any]) -> msgspec.Raw:
    path = canonical.find_float(ext)
    if path is not None:
        raise InvalidValue(
            "a number with a fraction or an exponent cannot be signed; send it as a string", ("ext", *path)
        )
    return msgspec.Raw(canonical.canonicalize(ext))
