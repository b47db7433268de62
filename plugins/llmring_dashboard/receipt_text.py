"""Receipts in words: what stands in one, line by line as it was signed, and what each step of verifying asks. Pure."""

import itertools
from collections.abc import Iterator, Mapping

import msgspec

from llmring_server.contracts.receipts import KeptReceipt, ReceiptProof

STEPS: Mapping[str, str] = {
    "content_readable": "The bytes that are kept read as a receipt.",
    "key_known": "The key that the receipt names is one of this server's keys.",
    "signature_present": "The receipt carries a signature.",
    "signature_spelling": "The signature is spelt as one: ed25519 and 64 bytes.",
    "signature_match": "The signature is that key's, over exactly this content: not a character was changed since.",
    "key_trusted": "The key may be believed: it is not compromised, and was not retired before the receipt's date.",
}

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])
_string = msgspec.json.Decoder(str)

_NULL = msgspec.Raw(b"null")


class Line(msgspec.Struct, frozen=True):
    """One member of a receipt: the path to it (`cost.amount`), and its value; numbers keep every digit."""

    name: str
    value: str


class Step(msgspec.Struct, frozen=True):
    """One step of a verification in words; `held` is None for one that was not taken, since one before it failed.

    Where it was not taken for another reason, `fault` is that.
    """

    words: str
    held: bool | None
    fault: str | None


class Brief(msgspec.Struct, frozen=True):
    """A receipt as a list shows it; what it does not state, or states in another form, is None."""

    receipt: KeptReceipt
    model: str | None
    alias: str | None
    cost: str | None


class _Stated(msgspec.Struct):
    """What a list reads of a receipt; the rest is skipped unread."""

    model: msgspec.Raw = _NULL
    alias: msgspec.Raw = _NULL
    cost: msgspec.Raw = _NULL


class _Cost(msgspec.Struct):
    amount: msgspec.Raw = _NULL
    currency: msgspec.Raw = _NULL


def brief(receipt: KeptReceipt) -> Brief:
    """Return what a list shows of a receipt; however much else stands in that is not read."""
    try:
        stated = msgspec.json.decode(receipt.content, type=_Stated)
        return Brief(receipt, _plain(stated.model), _plain(stated.alias), _amount(stated.cost))
    except UNREADABLE:
        return Brief(receipt, None, None, None)


def lines(content: bytes, most: int) -> list[Line]:
    """Return the first `most` of a receipt's members in the order in which they were signed; null ones are left out.

    Raises:
        UNREADABLE: the content is no JSON that a receipt can be.
    """
    return [Line(name, value) for name, value in itertools.islice(_flat("", msgspec.Raw(content)), most)]


def steps(proof: ReceiptProof) -> list[Step]:
    """Return every step of a verification, those that were not taken too."""
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
    """Return a string, a number or a truth value as it was signed, None for null and for what has members."""
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
