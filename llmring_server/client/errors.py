"""The exceptions of the client.

ClientError                 base class
├── Unreachable             no response: connection refused, timed out or interrupted
└── Refused                 a response with status ≥ 400, with the server's problem details
    ├── NotAllowed          401, 403: no valid key, or a key without the required scope
    ├── NotFound            404
    └── PreconditionFailed  412: changed since the ETag that was sent
"""

from typing import Any

import httpx
import msgspec


class ClientError(Exception):
    """A request failed; the message gives the reason and never contains a key."""


class Unreachable(ClientError):
    """The server sent no response."""


class Problem(msgspec.Struct, frozen=True):
    """The fields of a problem+json response (RFC 9457) that the client uses."""

    detail: str = ""
    request_id: str = ""
    errors: tuple[dict[str, Any], ...] = ()


class Refused(ClientError):
    """The server responded with an error."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(problem.detail or f"The server responded with status {status}.")
        self.status = status
        self.problem = problem


class NotAllowed(Refused):
    """The key is missing or invalid, or lacks the required scope."""


class NotFound(Refused):
    """The resource does not exist."""


class PreconditionFailed(Refused):
    """The resource was changed since the ETag that was sent; get it again and retry with the new ETag."""


BY_STATUS: dict[int, type[Refused]] = {401: NotAllowed, 403: NotAllowed, 404: NotFound, 412: PreconditionFailed}


def response_error(status: int, body: bytes) -> Refused:
    """Return the exception for an error response."""
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = Problem()
    return BY_STATUS.get(status, Refused)(status, problem)


def unreachable_error(error: httpx.TransportError | httpx.InvalidURL) -> Unreachable:
    """Return the exception for a request without a response."""
    return Unreachable(f"The server does not respond ({type(error).__name__}: {error}).")
