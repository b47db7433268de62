"""Canonical JSON (RFC 8785), parsed strictly: ambiguous input is rejected, never repaired.

Pure: imports neither the server nor a database, so that receipts can be verified offline.
"""

import json
import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import rfc8785

MAX_DEPTH = 32
MAX_BYTES = 65536
MAX_INTEGER = 2**53 - 1
MAX_DECIMALS = 60
MAX_WHOLE_DIGITS = 15
MAX_AMOUNT_LENGTH = 80

_INTEGER_DIGITS = 17
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"
_TOO_MANY_DECIMALS = f"an amount has at most {MAX_DECIMALS} decimals; round it"
_FIRST_WITH_EXPONENT = 1e21
_SURROGATE = re.compile("[\ud800-\udfff]")
_AMOUNT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")


class InvalidValue(ValueError):
    """JSON that a receipt must not contain; `path` leads to it from the top, `("ext", "tags", 0)`."""

    def __init__(self, reason: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path

    @property
    def sentence(self) -> str:
        """The reason as a sentence."""
        return f"{self.reason[:1].upper()}{self.reason[1:]}."

    def nested_in(self, step: str | int) -> "InvalidValue":
        """Return the same error as seen from the enclosing object or array."""
        return InvalidValue(self.reason, (step, *self.path))


class _InvalidNode:
    """Marks a rejected value in the parsed tree until `_check` finds it and knows its path."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def parse(text: bytes, *, exact: bool = False, depth: int = MAX_DEPTH) -> Any:
    """Return the value of a JSON text.

    Numbers with a fraction or an exponent become float, or Decimal with all their digits when `exact`.

    Raises:
        InvalidValue: not UTF-8 or not JSON; a duplicate name, NaN or Infinity, a number outside a double, an integer
            above 2^53−1, a lone surrogate, U+0000; more than `depth` levels.
    """
    try:
        tree = (_EXACT if exact else _DOUBLES).decode(text.decode())
    except UnicodeDecodeError as error:
        raise InvalidValue(f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise InvalidValue(f"not JSON: {error.msg.lower()} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise InvalidValue(_TOO_DEEP) from error
    _check(tree, depth)
    return tree


def canonicalize(value: Any) -> bytes:
    """Return the canonical bytes of a parsed value (RFC 8785 §3.2)."""
    return rfc8785.dumps(value)


def format_amount(value: object) -> str:
    """Return an amount of money as it is signed: `0.00045`, at most 60 decimals, no exponent, no trailing zeros.

    Accepts an integer, a Decimal, or a string with a JSON number; nothing is rounded.

    Raises:
        ValueError: not a number, negative, 10^15 or more, or more than 60 decimals.
    """
    number = _to_decimal(value)
    if number == 0:
        return "0"
    if number.is_signed():
        raise ValueError("an amount cannot be negative")
    if number.adjusted() >= MAX_WHOLE_DIGITS:
        raise ValueError(f"an amount has at most {MAX_WHOLE_DIGITS} digits before the point")
    if number.adjusted() < -MAX_DECIMALS:
        raise ValueError(_TOO_MANY_DECIMALS)
    whole, _, decimals = f"{number:f}".partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) > MAX_DECIMALS:
        raise ValueError(_TOO_MANY_DECIMALS)
    return f"{whole}.{decimals}" if decimals else whole


def find_float(value: object) -> tuple[str | int, ...] | None:
    """Return the path to the first number with a fraction or an exponent in an exactly parsed value, or None."""
    if isinstance(value, Decimal):
        return ()
    steps: Any = ()
    if isinstance(value, dict):
        steps = value.items()
    elif isinstance(value, list):
        steps = enumerate(value)
    for step, item in steps:
        path = find_float(item)
        if path is not None:
            return (step, *path)
    return None


def _to_decimal(value: object) -> Decimal:
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and len(value) <= MAX_AMOUNT_LENGTH and _AMOUNT.fullmatch(value):
        return Decimal(value)
    raise ValueError("an amount is a number, or a string with a number, such as 0.00045")


def _check(value: object, depth: int) -> None:
    """Raise for the first invalid value in a parsed tree, with its path."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, _InvalidNode):
        raise InvalidValue(value.reason)
    elif isinstance(value, dict):
        if not depth:
            raise InvalidValue(_TOO_DEEP)
        for name, item in value.items():
            _check_text(name)
            _check_at(name, item, depth - 1)
    elif isinstance(value, list):
        if not depth:
            raise InvalidValue(_TOO_DEEP)
        for index, item in enumerate(value):
            _check_at(index, item, depth - 1)


def _check_at(step: str | int, item: object, depth: int) -> None:
    try:
        _check(item, depth)
    except InvalidValue as error:
        raise error.nested_in(step) from None


def _check_text(text: str) -> None:
    if "\0" in text:
        raise InvalidValue(f"{text[:40]!a} contains U+0000")
    if not text.isascii() and _SURROGATE.search(text):
        raise InvalidValue(f"{text[:40]!a} contains a lone surrogate")


def _parse_object(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    duplicate = next(name for name in names if names.count(name) > 1)
    return _InvalidNode(f"the name {duplicate[:40]!a} occurs twice")


def _parse_constant(text: str) -> _InvalidNode:
    return _InvalidNode(f"{text} is not a JSON number")


def _parse_integer(text: str) -> int | _InvalidNode:
    if len(text) <= _INTEGER_DIGITS and abs(found := int(text)) <= MAX_INTEGER:
        return found
    return _InvalidNode(f"the integer {text[:40]} is above 2^53−1; send it as a string")


def _parse_double(text: str) -> float | _InvalidNode:
    found = float(text)
    if math.isinf(found):
        return _InvalidNode(f"the number {text[:40]} is outside the range of a double; send it as a string")
    if MAX_INTEGER < abs(found) < _FIRST_WITH_EXPONENT:
        return _InvalidNode(f"the number {text[:40]} is an integer above 2^53−1; send it as a string")
    return found


def _parse_decimal(text: str) -> Decimal | _InvalidNode:
    double = _parse_double(text)
    if isinstance(double, _InvalidNode):
        return double
    try:
        return Decimal(text)
    except InvalidOperation:
        return _InvalidNode(f"the number {text[:40]} is too small; send 0")


_DOUBLES = json.JSONDecoder(
    object_pairs_hook=_parse_object, parse_constant=_parse_constant, parse_int=_parse_integer, parse_float=_parse_double
)
_EXACT = json.JSONDecoder(
    object_pairs_hook=_parse_object,
    parse_constant=_parse_constant,
    parse_int=_parse_integer,
    parse_float=_parse_decimal,
)
