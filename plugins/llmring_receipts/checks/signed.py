"""Checks shared by receipts and statements: a signed document, a set of keys, a valid signature."""

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
        Unreadable: not a JSON object, or ambiguous JSON.
    """
    try:
        found = canonical.parse(files.read(path))
    except InvalidValue as error:
        field = ".".join(str(step) for step in error.path)
        raise Unreadable(f"{path} is not a {what}: {f'{field}: ' if field else ''}{error.reason}") from error
    if not isinstance(found, dict):
        raise Unreadable(f"{path} is not a {what}: it is not a JSON object")
    return found


def read_keys(path: Path) -> list[PublicKey]:
    """Return the public keys of a JWK set.

    Raises:
        Unreadable: the file is not a JWK set.
    """
    try:
        return jwks.parse(files.read(path))
    except InvalidKey as error:
        raise Unreadable(f"{path}: {error}") from error


def check_signature(findings: Findings, document: dict[str, Any], trusted_keys: list[PublicKey], what: str) -> None:
    """Check whether a document is signed by one of these keys."""
    key = next((one for one in trusted_keys if one.key_id == document.get("key_id")), None)
    if key is None:
        findings.add_fault(
            "key", f"The {what} names the key {document.get('key_id')!r}, which is not in the set of keys."
        )
        return
    fault = signing.find_fault(document, key)
    if fault:
        findings.add_fault("signature", fault)
        return
    findings.add_proven(
        "signature",
        f"The holder of the private key of {key.key_id!r} (RFC 7638 {keys.thumbprint(key.public_key)}) signed exactly "
        f"this {what}, and no character of it was changed since.",
    )
    findings.add_unproven(
        "key-owner",
        f"Whose key that is: the set of keys states it. Get the set from a source that you trust, not from the sender "
        f"of the {what}.",
    )
    if key.status == "retired":
        findings.add_unproven(
            "key-retired",
            f"That the {what} was signed before key {key.key_id!r} was retired: only its date states it, and the "
            "holder of the key can write any date.",
        )


def digest_of(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a document's canonical bytes in hexadecimal."""
    return hashlib.sha256(canonical.canonicalize(document)).hexdigest()
