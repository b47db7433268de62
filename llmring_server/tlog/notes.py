"""Signed notes (C2SP signed-note) and the cosignatures of witnesses (C2SP tlog-cosignature), all of Ed25519."""

import hashlib
import re
from collections.abc import Iterable
from enum import IntEnum

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from llmring_server.tlog import base64

KEY_ID_BYTES = 4
KEY_BYTES = 32
SIGNATURE_BYTES = 64
TIME_BYTES = 8
MAX_LINES = 100
END_OF_TIME = 253_402_300_800  # the year 10000, in seconds since 1970; dates end before it

_DASH = "— "
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
_BAD_IN_NAME = re.compile(r"[\s+]")
_VKEY = re.compile(r"(?P<name>[^+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>.+)")


class InvalidNote(ValueError):
    """A note, a key or a signature is malformed or not valid; the message gives the reason."""


class KeyType(IntEnum):
    """What a key signs: the note itself, or a cosignature with its time."""

    NOTE = 1
    COSIGNATURE = 4


class Verifier(msgspec.Struct, frozen=True):
    """A public key that signs notes under a name."""

    name: str
    public_key: bytes
    kind: KeyType = KeyType.NOTE

    @property
    def key_id(self) -> bytes:
        """The four bytes that identify the key in signature lines."""
        material = self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key
        return hashlib.sha256(material).digest()[:KEY_ID_BYTES]

    def vkey(self) -> str:
        """Return the key as text, `name+id+key`, for the configuration of verifiers."""
        return f"{self.name}+{self.key_id.hex()}+{base64.encode(bytes([self.kind]) + self.public_key)}"


class SignatureLine(msgspec.Struct, frozen=True):
    """A signature line: the name of the signer, the key id, and the signature, not verified."""

    name: str
    key_id: bytes
    signature: bytes

    def text(self) -> str:
        """Return the line with its newline."""
        return f"{_DASH}{self.name} {base64.encode(self.key_id + self.signature)}\n"


class VerifiedSignature(msgspec.Struct, frozen=True):
    """A verified signature; `time` is that of a cosignature, in seconds since 1970."""

    verifier: Verifier
    time: int | None


class Note(msgspec.Struct, frozen=True):
    """A text that ends with a newline, and its signature lines, verified or not."""

    text: str
    lines: tuple[SignatureLine, ...]

    def content(self) -> bytes:
        """Return the note's bytes."""
        return (self.text + "\n" + "".join(line.text() for line in self.lines)).encode()

    def merge(self, newer: "Note") -> "Note":
        """Return the newer note, with this note's lines by other keys added if the text is the same."""
        if newer.text != self.text:
            return newer
        lines = {(line.name, line.key_id): line for line in (*self.lines, *newer.lines)}
        return Note(newer.text, tuple(lines.values()))

    def signatures(self, verifiers: Iterable[Verifier]) -> list[VerifiedSignature]:
        """Return the signatures of known keys, in the order of the lines; lines by unknown keys are ignored.

        Raises:
            InvalidNote: a line by a known key is not valid, has an invalid time, or occurs twice.
        """
        known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
        signed = [(known[line.name, line.key_id], line) for line in self.lines if (line.name, line.key_id) in known]
        found = [VerifiedSignature(verifier, _check(self.text, verifier, line)) for verifier, line in signed]
        if len({signature.verifier for signature in found}) < len(found):
            raise InvalidNote("one key signed this note twice")
        return found


def parse(content: bytes) -> Note:
    """Return the note in bytes; its signatures are not verified.

    Raises:
        InvalidNote: not a signed note.
    """
    try:
        whole = content.decode()
    except UnicodeDecodeError as error:
        raise InvalidNote("the note is not UTF-8") from error
    if _CONTROL.search(whole):
        raise InvalidNote("the note contains control characters")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not text:
        raise InvalidNote("not a signed note: the empty line between text and signatures is missing")
    return Note(text + "\n", parse_lines(lines))


def parse_lines(text: str) -> tuple[SignatureLine, ...]:
    """Return the signature lines of a text, such as a witness's response.

    Raises:
        InvalidNote: there is none, one is malformed, or there are more than 100.
    """
    if not text.endswith("\n"):
        raise InvalidNote("the last signature line has no newline")
    lines = text[:-1].split("\n")
    if len(lines) > MAX_LINES:
        raise InvalidNote(f"more than {MAX_LINES} signatures")
    return tuple(_line(line) for line in lines)


def sign(text: str, name: str, key: Ed25519PrivateKey) -> SignatureLine:
    """Return the signature line of a note's text, which ends with a newline."""
    return SignatureLine(name, verifier(name, key).key_id, key.sign(text.encode()))


def cosign(text: str, name: str, key: Ed25519PrivateKey, time: int) -> SignatureLine:
    """Return a witness's line for a checkpoint's text; `time` is in seconds since 1970."""
    signature = time.to_bytes(TIME_BYTES, "big") + key.sign(_cosigned(text, time))
    return SignatureLine(name, verifier(name, key, KeyType.COSIGNATURE).key_id, signature)


def verifier(name: str, key: Ed25519PrivateKey, kind: KeyType = KeyType.NOTE) -> Verifier:
    """Return the public key of a private key, with a name.

    Raises:
        InvalidNote: the name is not valid.
    """
    if not name or _BAD_IN_NAME.search(name) or _CONTROL.search(name):
        raise InvalidNote("a key's name must not be empty, and must not contain spaces, control characters or +")
    return Verifier(name, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), kind)


def parse_vkey(text: str) -> Verifier:
    """Return the public key of a text `name+id+key`.

    Raises:
        InvalidNote: malformed, a key of another type, or the id does not match the key.
    """
    match = _VKEY.fullmatch(text)
    if match is None or _BAD_IN_NAME.search(match["name"]):
        raise InvalidNote("not a verifier key, such as example.com/log+1a2b3c4d+AQ…")
    try:
        material = base64.decode(match["key"])
    except ValueError as error:
        raise InvalidNote("the verifier key's last part is not base64") from error
    if len(material) != 1 + KEY_BYTES or material[0] not in list(KeyType):
        raise InvalidNote("not an Ed25519 verifier key for notes (1) or cosignatures (4)")
    found = Verifier(match["name"], material[1:], KeyType(material[0]))
    if found.key_id.hex() != match["id"]:
        raise InvalidNote("the verifier key's id does not match its key: one of the two was changed")
    return found


def _line(text: str) -> SignatureLine:
    name, space, encoded = text.removeprefix(_DASH).rpartition(" ")
    if not text.startswith(_DASH) or not space or not name or _BAD_IN_NAME.search(name):
        raise InvalidNote("not a signature line; its format is: — name base64")
    try:
        signature = base64.decode(encoded)
    except ValueError as error:
        raise InvalidNote(f"the signature of {name} is not base64") from error
    if len(signature) <= KEY_ID_BYTES:
        raise InvalidNote(f"the signature of {name} is too short")
    return SignatureLine(name, signature[:KEY_ID_BYTES], signature[KEY_ID_BYTES:])


def _check(text: str, verifier: Verifier, line: SignatureLine) -> int | None:
    """Verify a line by a known key, and return the time of a cosignature."""
    time, signed, signature = None, text.encode(), line.signature
    if verifier.kind is KeyType.COSIGNATURE:
        time, signature = int.from_bytes(signature[:TIME_BYTES], "big"), signature[TIME_BYTES:]
        if time >= END_OF_TIME:
            raise InvalidNote(f"the cosignature of {verifier.name} has a time after the year 9999")
        signed = _cosigned(text, time)
    try:
        Ed25519PublicKey.from_public_bytes(verifier.public_key).verify(signature, signed)
    except (InvalidSignature, ValueError) as error:
        raise InvalidNote(
            f"the signature of {verifier.name} is not over this text: one of the two was changed"
        ) from error
    return time


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
