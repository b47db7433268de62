"""JWK sets of public keys (RFC 7517 §5): build `/receipts/public-keys.json`, and parse. Pure, as `canonical`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import msgspec

from llmring_receipts.formats import canonical, keys
from llmring_receipts.formats.canonical import InvalidValue
from llmring_receipts.formats.keys import InvalidKey, PublicKey, Status

Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]


class ReceiptJwk(msgspec.Struct, frozen=True):
    """A public key as a JWK (RFC 8037 §2), with additional fields for verifiers of receipts."""

    kty: str
    crv: str
    x: str
    kid: str
    use: str
    alg: str
    key_id: str
    public_key_pem: str
    status: Status
    created_at: datetime | None
    retired_at: datetime | None


class ReceiptKeySet(msgspec.Struct, frozen=True):
    """A JWK set that also names the current key.

    Compromised keys are listed separately, where generic JWK readers do not use them: none of their receipts is valid.
    """

    keys: list[ReceiptJwk]
    current_key_id: str | None
    compromised: list[ReceiptJwk]


class _InputKey(msgspec.Struct, frozen=True):
    """A key of an untrusted set; `d` would be its private key."""

    kty: str
    crv: str | None = None
    x: str | None = None
    d: Any = None
    kid: str | None = None
    key_id: str | None = None
    use: str | None = None
    created_at: Timestamp | None = None
    retired_at: Timestamp | None = None


class _InputKeySet(msgspec.Struct, frozen=True):
    """An untrusted JWK set."""

    keys: list[_InputKey]
    compromised: list[_InputKey] = []


def build(all_keys: Iterable[PublicKey], current_key_id: str | None) -> ReceiptKeySet:
    """Return keys as a set."""
    known = list(all_keys)
    return ReceiptKeySet(
        [_to_jwk(key) for key in known if key.status != "compromised"],
        current_key_id,
        [_to_jwk(key) for key in known if key.status == "compromised"],
    )


def parse(content: bytes) -> list[PublicKey]:
    """Return the Ed25519 keys of a set in its order, without keys of other types and for other uses.

    A key without a `kid` gets its thumbprint as id (RFC 7638). A compromised key is compromised under every id.

    Raises:
        InvalidKey: not a JWK set, no Ed25519 key, a private key, or two keys under one id.
    """
    try:
        given = msgspec.convert(canonical.parse(content), _InputKeySet)
    except (InvalidValue, msgspec.ValidationError) as error:
        raise InvalidKey(f"not a JWK set: {error}") from error
    found: dict[str, PublicKey] = {}
    for compromised, given_keys in ((False, given.keys), (True, given.compromised)):
        for key in (_to_public_key(one, compromised) for one in given_keys if _is_signing_key(one)):
            if found.setdefault(key.key_id, key).public_key != key.public_key:
                raise InvalidKey(f"the set has two keys under the id {key.key_id!r}")
            if compromised:
                found[key.key_id] = key
    if not found:
        raise InvalidKey("the set has no Ed25519 key")
    compromised_keys = {key.public_key for key in found.values() if key.status == "compromised"}
    return [_mark_compromised(key) if key.public_key in compromised_keys else key for key in found.values()]


def _mark_compromised(key: PublicKey) -> PublicKey:
    return msgspec.structs.replace(key, status="compromised")


def _is_signing_key(given: _InputKey) -> bool:
    return given.kty == "OKP" and given.crv == "Ed25519" and given.use in (None, "sig")


def _to_public_key(given: _InputKey, compromised: bool) -> PublicKey:
    if given.d is not None:
        raise InvalidKey("the set contains a private key; remove its field d, and replace that key")
    public = keys.decode(given.x or "", keys.KEY_BYTES)
    ids = {given.kid, given.key_id} - {None}
    if len(ids) > 1:
        raise InvalidKey(f"the set has a key with two ids, {given.kid!r} and {given.key_id!r}")
    key_id = ids.pop() if ids else keys.thumbprint(public)
    if not isinstance(key_id, str) or not keys.KEY_ID.fullmatch(key_id):
        raise InvalidKey("the set has a key id that is not 1 to 128 characters of A–Z a–z 0–9 . _ : -")
    status: Status = "compromised" if compromised else "active" if given.retired_at is None else "retired"
    return PublicKey(key_id, public, given.created_at, given.retired_at, status)


def _to_jwk(key: PublicKey) -> ReceiptJwk:
    return ReceiptJwk(
        kty="OKP",
        crv="Ed25519",
        x=keys.encode(key.public_key),
        kid=key.key_id,
        use="sig",
        alg="Ed25519",
        key_id=key.key_id,
        public_key_pem=keys.public_pem(key.public_key),
        status=key.status,
        created_at=key.created_at,
        retired_at=key.retired_at,
    )
