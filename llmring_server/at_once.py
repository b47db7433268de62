"""An ASGI extension that our connections offer: a body that is there is taken, and an answer given, in one step each.

Where a scope has `AT_ONCE` among its `extensions`, an application may ask it instead of `receive` and `send`. Each step
may be declined, and is then to be taken the usual way; what a client sees is the same.
"""

import re
import weakref
from collections.abc import Mapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

AT_ONCE = "llmring.at_once"
CONNECTION = b"connection"
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class AtOnce:
    """A request and its answer, for as long as uvicorn's cycle of both lives."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = weakref.ref(cycle)  # whose scope holds this: each would keep the other until garbage is collected

    def body(self) -> bytes | None:
        """Take the request's body, or return None while it is not here whole."""
        cycle = self._cycle()
        if cycle is None or cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        return body

    def answer(self, status: int, headers: Mapping[bytes, bytes], body: bytes) -> bool:
        """Send an answer whose headers say how long it is, and return True, or False when it is to be sent as usual.

        It is when the connection ends with it, or its client does not read, or uvicorn logs it.

        Raises:
            ValueError: a header has a control character in it, and nothing is sent.
        """
        cycle = self._cycle()
        if cycle is None or not _ready(cycle) or CONNECTION in headers:
            return False
        said = [*cycle.default_headers, *headers.items()]
        head = b"".join([name + b": " + value + b"\r\n" for name, value in said])
        if _CONTROL.search(b"".join(headers.values())):
            raise ValueError("a header of the answer has a control character in it")
        cycle.response_started = cycle.response_complete = True
        cycle.transport.write(b"".join((STATUS_LINE[status], head, b"\r\n", body)))
        cycle.message_event.set()
        cycle.on_response()
        return True


class Never:
    """What stands for the extension where a server does not offer it: every step is declined."""

    def body(self) -> None:
        """Return None."""

    def answer(self, status: int, headers: Mapping[bytes, bytes], body: bytes) -> bool:
        """Return False."""
        return False


NEVER = Never()
NONE: Mapping[str, Any] = {}


def offered(scope: Mapping[str, Any]) -> AtOnce | Never:
    """Return the extension of a request."""
    found: AtOnce | Never = scope.get("extensions", NONE).get(AT_ONCE, NEVER)
    return found


def _ready(cycle: RequestResponseCycle) -> bool:
    """Whether there is nothing to an answer but to send it."""
    return cycle.keep_alive and not (cycle.access_log or cycle.flow.write_paused or cycle.disconnected)
