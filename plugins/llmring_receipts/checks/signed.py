"""What receipts and statements have in common: a signed document, a set of keys, a signature that counts."""

import hashlib
from pathlib import Path
from typing import Any

from llmring_receipts.formats import canonical, jwks, keys, signing
from llmring_receipts.formats.canonical import InvalidValue
from llmring_receipts.formats.keys import InvalidKey, PublicKey
from llmring_server.verifying import files
from llmring_server.verifying.verdict import Findings, Unreadable


def read_document(path: Path, what: str) -> dict[str, Any]:
    """Return the signed JSON object in a file.

    Raises:
        Unreadable: it holds none, or JSON that two readers could take differently.
    """
    try:
        found = canonical.parse(files.read(path))
    except InvalidValue as error:
        place = ".".join(str(step) for step in error.place)
        raise Unreadable(f"{path} is no {what}: {f'{place}: ' if place else ''}{error.reason}") from error
    if not isinstance(found, dict):
        raise Unreadable(f"{path} is no {what}: it holds no JSON object")
    return found


def read_keys(path: Path) -> list[PublicKey]:
    """Return the public keys of a JWK set.

    Raises:
        Unreadable: it is none.
    """
    try:
        return jwks.parse(files.read(path))
    except InvalidKey as error:
        raise Unreadable(f"{path}: {error}") from error


def check_signature(findings: Findings, document: dict[str, Any], known: list[PublicKey], what: str) -> None:
    """Note whether a document is signed by one of these keys."""
    key = next((one for one in known if one.key_id == document.get("key_id")), None)
    if key is None:
        findings.add_fault(
            "key", f"the {what} names the key {document.get('key_id')!r}, which is not in the set of keys"
        )
        return
    fault = signing.find_fault(document, key)
    if fault:
        findings.add_fault("signature", fault)
        return
    findings.add_proven(
        "signature",
        f"whoever holds the private half of key {key.key_id!r} (RFC 7638 {keys.thumbprint(key.public_key)}) signed "
        f"exactly this {what}, and no character of it was changed since",
    )
    findings.add_unproven(
        "key-owner",
        f"whose key that is: the set of keys says so; take it from where you trust it, not from whoever hands you the "
        f"{what}",
    )
    if key.status == "retired":
        findings.add_unproven(
            "key-retired",
            f"that the {what} was signed before key {key.key_id!r} was retired: its date says so, and whoever has the "
            "key can write any date",
        )


def digest_of(document: dict[str, Any]) -> str:
    """Return SHA-256 of a document's canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical.canonicalize(document)).hexdigest()
