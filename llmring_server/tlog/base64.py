"""Standard base64 (RFC 4648 §4), decoded strictly: each value has one encoding, so every changed character counts."""

import base64


def encode(value: bytes) -> str:
    """Return bytes in base64 with padding."""
    return base64.b64encode(value).decode()


def decode(text: str) -> bytes:
    """Return the bytes of a base64 text.

    Raises:
        ValueError: other characters, missing padding, or unused bits that are not zero.
    """
    found = base64.b64decode(text.encode(), validate=True)
    if encode(found) != text:
        raise ValueError("base64 with unused bits that are not zero")
    return found
