"""Project keys: read from a request's headers and turned into project ids; no other module receives a key."""

import base64
import functools
import hmac
import re

import falcon.asgi

from llmring_server.contracts import Identity
from llmring_server.contracts.projects import ReservedKeys
from llmring_server.http.errors import Problem

KEY_HEADERS = {b"x-project-key": "X-Project-Key", b"x-api-key": "X-API-Key", b"authorization": "Authorization"}
MAX_KEY_LENGTH = 255
ID_LENGTH = 26
MAX_REMEMBERED = 10_000
CHALLENGE = {"WWW-Authenticate": "Bearer"}
NOT_IN_A_KEY = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")


class PlainKeys:
    """The default of the contracts `Authenticator` and `KeyStatus`.

    Every well-formed key has its own project, whose id is also the key's id, and the scope `admin`; a reserved one has
    none.
    """

    def __init__(self, pepper: bytes, reserved: ReservedKeys | None = None) -> None:
        self._pepper = pepper
        self._reserved = reserved
        self._known: dict[str, Identity] = {}

    async def identify(self, key: str) -> Identity | None:
        """Return the identity of a key, or None for a reserved one; recent ones are cached."""
        found = self._known.get(key)
        if found is None:
            if self._reserved is not None and self._reserved.is_reserved(key):
                return None
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            project = project_id(key, self._pepper)
            found = self._known[key] = Identity(project, project)
        return found

    async def current_identity(self, project_id: str, key_id: str) -> Identity | None:
        """Return the identity of a plain key, which cannot be revoked, or None for the id of another kind of key."""
        return Identity(project_id, key_id) if key_id == project_id else None


def project_id(key: str, pepper: bytes) -> str:
    """Return `prj_` + 26 base32 characters of HMAC-SHA256(pepper, key)."""
    digest = hmac.digest(pepper, key.encode("latin-1", "replace"), "sha256")
    return "prj_" + base64.b32encode(digest)[:ID_LENGTH].decode().lower()


def read_key(req: falcon.asgi.Request) -> str:
    """Return the project key that a request carries.

    Raises:
        Problem: 401 or 400; the key is never part of the message.
    """
    found: str | None = None
    for name, value in req.scope["headers"]:
        if name in KEY_HEADERS:
            key = _read(name, value)
            if found is not None and key is not None and key != found:
                raise Problem(400, "Two headers have different project keys. Send one key.")
            found = key or found
    if found is None:
        raise Problem(
            401,
            "No project key. Send one as X-Project-Key, X-API-Key or Authorization: Bearer.",
            headers=CHALLENGE,
        )
    return found


@functools.lru_cache(maxsize=MAX_REMEMBERED)
def _read(name: bytes, value: bytes) -> str | None:
    """Return the key in one of the key headers, or None for another Authorization scheme, which is for a proxy."""
    header = KEY_HEADERS[name]
    key = value.decode("latin-1")
    if header == "Authorization":
        scheme, _, key = key.partition(" ")
        if scheme.lower() != "bearer":
            return None
    fault = key_fault(key)
    if fault:
        raise Problem(400, f"{header} {fault}.")
    return key


def key_fault(key: str) -> str | None:
    """Return why a text cannot be a project key, as a predicate of its name, or None when it can."""
    if not key:
        return "is empty; it must have a project key"
    if len(key) > MAX_KEY_LENGTH:
        return f"is longer than {MAX_KEY_LENGTH} characters"
    if NOT_IN_A_KEY.search(key):
        return "has whitespace or control characters; a project key has none"
    return None
