"""What a call of the client raises.

ClientError                 anything below
├── Unreachable             no answer: refused, timed out, broken off
└── Refused                 an answer of status ≥ 400, with the server's problem detail
    ├── NotAllowed          401, 403: no key, or one that may not do this
    ├── NotFound            404
    └── Moved               412: it has changed since the ETag that was sent
"""

from typing import Any

import httpx
import msgspec


class ClientError(Exception):
    """A call did not succeed; the message says why, and never holds a key."""


class Unreachable(ClientError):
    """The server gave no answer."""


class Problem(msgspec.Struct, frozen=True):
    """The problem+json document of an answer (RFC 9457), as far as the client uses it."""

    detail: str = ""
    request_id: str = ""
    errors: tuple[dict[str, Any], ...] = ()


class Refused(ClientError):
    """The server answered, but not with what was asked for."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(problem.detail or f"the server answered {status}")
        self.status = status
        self.problem = problem


class NotAllowed(Refused):
    """No key was sent, or one that may not do this."""


class NotFound(Refused):
    """It does not exist."""


class Moved(Refused):
    """It has changed since the ETag that was sent; get it again, and decide anew."""


BY_STATUS: dict[int, type[Refused]] = {401: NotAllowed, 403: NotAllowed, 404: NotFound, 412: Moved}


def refusal(status: int, body: bytes) -> Refused:
    """Return the error for an answer that is not 2xx."""
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = Problem()
    return BY_STATUS.get(status, Refused)(status, problem)


def unreachable(error: httpx.TransportError | httpx.InvalidURL) -> Unreachable:
    """Return the error for a call without an answer."""
    return Unreachable(f"the server does not answer ({type(error).__name__}: {error})")
