"""The fields of a receipt as text, in signed order, and its summary for a list. Pure functions."""

import itertools
from collections.abc import Iterator

import msgspec

from llmring_server.contracts.receipts import SignedReceipt

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])
_string = msgspec.json.Decoder(str)

_NULL = msgspec.Raw(b"null")


class ReceiptField(msgspec.Struct, frozen=True):
    """A field of a receipt: its path (`cost.amount`) and its value with every digit."""

    name: str
    value: str


class ReceiptSummary(msgspec.Struct, frozen=True):
    """The summary of a receipt for a list; a missing or malformed field is None."""

    receipt: SignedReceipt
    model: str | None
    alias: str | None
    cost: str | None
    estimated: bool = False
    price_notes: tuple[str, ...] = ()


class _SummaryFields(msgspec.Struct):
    """The fields of a receipt that a list needs; the others are skipped."""

    model: msgspec.Raw = _NULL
    alias: msgspec.Raw = _NULL
    cost: msgspec.Raw = _NULL
    cost_status: msgspec.Raw = _NULL
    price_notes: msgspec.Raw = _NULL


class _Cost(msgspec.Struct):
    amount: msgspec.Raw = _NULL
    currency: msgspec.Raw = _NULL


def summarize_receipt(receipt: SignedReceipt) -> ReceiptSummary:
    """Return the summary of a receipt without decoding its other fields."""
    try:
        fields = msgspec.json.decode(receipt.content, type=_SummaryFields)
        return ReceiptSummary(
            receipt,
            _decode_scalar(fields.model),
            _decode_scalar(fields.alias),
            _format_amount(fields.cost),
            _decode_scalar(fields.cost_status) == "estimated",
            _decode_notes(fields.price_notes),
        )
    except UNREADABLE:
        return ReceiptSummary(receipt, None, None, None)


def flatten_fields(content: bytes, limit: int) -> list[ReceiptField]:
    """Return the first `limit` fields of a receipt in signed order, without null fields.

    Raises:
        UNREADABLE: the content is not a receipt in JSON.
    """
    return [ReceiptField(name, value) for name, value in itertools.islice(_flatten("", msgspec.Raw(content)), limit)]


def _flatten(name: str, raw: msgspec.Raw) -> Iterator[tuple[str, str]]:
    text = bytes(raw)
    if text.startswith(b"{"):
        for key, item in _object.decode(text).items():
            yield from _flatten(f"{name}.{key}" if name else key, item)
    elif text.startswith(b"["):
        for index, item in enumerate(_list.decode(text)):
            yield from _flatten(f"{name}[{index}]", item)
    elif (value := _decode_scalar(raw)) is not None:
        yield name, value


def _decode_scalar(raw: msgspec.Raw) -> str | None:
    """Return a string, a number or a boolean as signed, None for null, objects and arrays."""
    text = bytes(raw)
    if text == b"null" or text.startswith((b"{", b"[")):
        return None
    return _string.decode(text) if text.startswith(b'"') else text.decode()


def _decode_notes(notes: msgspec.Raw) -> tuple[str, ...]:
    """Return the texts in a list as signed; none for anything else."""
    if not bytes(notes).startswith(b"["):
        return ()
    return tuple(text for one in _list.decode(notes) if (text := _decode_scalar(one)) is not None)


def _format_amount(cost: msgspec.Raw) -> str | None:
    if not bytes(cost).startswith(b"{"):
        return None
    fields = msgspec.json.decode(cost, type=_Cost)
    amount = _decode_scalar(fields.amount)
    return None if amount is None else f"{amount} {_decode_scalar(fields.currency) or ''}".strip()
