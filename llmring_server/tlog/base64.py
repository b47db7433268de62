"""Standard base64 (RFC 4648 §4), read strictly: each value has one spelling, so no changed character goes unseen."""

import base64


def encode(value: bytes) -> str:
    """Return bytes in base64 with padding."""
    return base64.b64encode(value).decode()


def decode(text: str) -> bytes:
    """Return the bytes that base64 spells.

    Raises:
        ValueError: other characters, missing padding, or unused bits that are not zero.
    """
    found = base64.b64decode(text.encode(), validate=True)
    if encode(found) != text:
        raise ValueError("base64 with bits that mean nothing")
    return found
