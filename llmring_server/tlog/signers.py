"""Private keys that sign notes, and their text form as in Go's package golang.org/x/mod/sumdb/note."""

import re
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from llmring_server.tlog import base64, notes
from llmring_server.tlog.notes import InvalidNote, KeyType, SignatureLine, Verifier

PREFIX = "PRIVATE+KEY+"

_SKEY = re.compile(r"PRIVATE\+KEY\+(?P<name>[^+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>.+)")


class Signer:
    """A private key under a name, for notes or for cosignatures."""

    def __init__(self, name: str, key: Ed25519PrivateKey, kind: KeyType = KeyType.NOTE) -> None:
        self.verifier: Verifier = notes.verifier(name, key, kind)
        self._key = key

    @classmethod
    def generate(cls, name: str, kind: KeyType = KeyType.NOTE) -> "Signer":
        """Return a signer with a new key.

        Raises:
            InvalidNote: the name is not valid.
        """
        return cls(name, Ed25519PrivateKey.generate(), kind)

    @classmethod
    def parse(cls, text: str) -> "Signer":
        """Return the signer of a text `PRIVATE+KEY+name+id+key`.

        Raises:
            InvalidNote: malformed; the message never repeats the input.
        """
        match = _SKEY.fullmatch(text)
        if match is None:
            raise InvalidNote("not a private key of a log, such as PRIVATE+KEY+name+id+key")
        try:
            material = base64.decode(match["key"])
        except ValueError as error:
            raise InvalidNote("the private key's last part is not base64") from error
        if len(material) != 1 + notes.KEY_BYTES or material[0] not in list(KeyType):
            raise InvalidNote("not an Ed25519 private key for notes (1) or cosignatures (4)")
        found = cls(match["name"], Ed25519PrivateKey.from_private_bytes(material[1:]), KeyType(material[0]))
        if found.verifier.key_id.hex() != match["id"]:
            raise InvalidNote("the private key's id does not match its key: one of the two was changed")
        return found

    def sign(self, text: str) -> SignatureLine:
        """Return this key's line for a note's text; a cosignature has the current time."""
        if self.verifier.kind is KeyType.COSIGNATURE:
            return notes.cosign(text, self.verifier.name, self._key, int(time.time()))
        return notes.sign(text, self.verifier.name, self._key)

    def text(self) -> str:
        """Return the private key as text."""
        seed = self._key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        key = base64.encode(bytes([self.verifier.kind]) + seed)
        return f"{PREFIX}{self.verifier.name}+{self.verifier.key_id.hex()}+{key}"
