"""Receipts as text: the fields of one in signed order, and the checks of its verification. Pure functions."""

import itertools
from collections.abc import Iterator, Mapping

import msgspec

from llmring_server.contracts.receipts import KeptReceipt, ReceiptProof

STEPS: Mapping[str, str] = {
    "content_readable": "The stored data is a well-formed receipt.",
    "key_known": "The key named in the receipt is one of this server's keys.",
    "signature_present": "The receipt has a signature.",
    "signature_spelling": "The signature is well-formed (Ed25519, 64 bytes).",
    "signature_match": "The signature was made by this key over this exact content.",
    "key_trusted": "The key is trusted: it is not compromised, and was not retired before the receipt's date.",
}

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])
_string = msgspec.json.Decoder(str)

_NULL = msgspec.Raw(b"null")


class Line(msgspec.Struct, frozen=True):
    """A field of a receipt: its path (`cost.amount`) and its value with every digit."""

    name: str
    value: str


class Step(msgspec.Struct, frozen=True):
    """The result of one check; `held` is None for a skipped one.

    `fault` is the failure, or the reason for skipping it unless an earlier check failed.
    """

    words: str
    held: bool | None
    fault: str | None


class Brief(msgspec.Struct, frozen=True):
    """The summary of a receipt for a list; a missing or malformed field is None."""

    receipt: KeptReceipt
    model: str | None
    alias: str | None
    cost: str | None


class _Stated(msgspec.Struct):
    """The fields of a receipt that a list needs; the others are skipped."""

    model: msgspec.Raw = _NULL
    alias: msgspec.Raw = _NULL
    cost: msgspec.Raw = _NULL


class _Cost(msgspec.Struct):
    amount: msgspec.Raw = _NULL
    currency: msgspec.Raw = _NULL


def brief(receipt: KeptReceipt) -> Brief:
    """Return the summary of a receipt without decoding its other fields."""
    try:
        stated = msgspec.json.decode(receipt.content, type=_Stated)
        return Brief(receipt, _plain(stated.model), _plain(stated.alias), _amount(stated.cost))
    except UNREADABLE:
        return Brief(receipt, None, None, None)


def lines(content: bytes, most: int) -> list[Line]:
    """Return the first `most` fields of a receipt in signed order, without null fields.

    Raises:
        UNREADABLE: the content is not a receipt in JSON.
    """
    return [Line(name, value) for name, value in itertools.islice(_flat("", msgspec.Raw(content)), most)]


def steps(proof: ReceiptProof) -> list[Step]:
    """Return the results of all checks, including skipped ones."""
    faults: dict[str, str | None] = {check.about: check.fault for check in proof.checks}
    return [
        Step(words, faults[about] is None if about in faults else None, faults.get(about))
        for about, words in STEPS.items()
    ]


def _flat(name: str, raw: msgspec.Raw) -> Iterator[tuple[str, str]]:
    text = bytes(raw)
    if text.startswith(b"{"):
        for key, item in _object.decode(text).items():
            yield from _flat(f"{name}.{key}" if name else key, item)
    elif text.startswith(b"["):
        for index, item in enumerate(_list.decode(text)):
            yield from _flat(f"{name}[{index}]", item)
    elif (value := _plain(raw)) is not None:
        yield name, value


def _plain(raw: msgspec.Raw) -> str | None:
    """Return a string, a number or a boolean as signed, None for null, objects and arrays."""
    text = bytes(raw)
    if text == b"null" or text.startswith((b"{", b"[")):
        return None
    return _string.decode(text) if text.startswith(b'"') else text.decode()


def _amount(cost: msgspec.Raw) -> str | None:
    if not bytes(cost).startswith(b"{"):
        return None
    stated = msgspec.json.decode(cost, type=_Cost)
    amount = _plain(stated.amount)
    return None if amount is None else f"{amount} {_plain(stated.currency) or ''}".strip()
