"""An ASGI extension that our connections offer: a body that is there is taken, and an answer given, in one step each.

Where a scope has `AT_ONCE` among its `extensions`, an application may ask it instead of `receive` and `send`, if those
that it was given are the connection's own: `offered` sees to that. Each step may be declined, and is then to be taken
the usual way; what a client sees is the same.
"""

import re
import weakref
from collections.abc import Mapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from llmring_server.outgoing import LARGE

AT_ONCE = "llmring.at_once"
CONNECTION = b"connection"
HEAD = "HEAD"
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class AtOnce:
    """A request and its answer, for as long as uvicorn's cycle of both lives."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = weakref.ref(cycle)  # whose scope holds this: each would keep the other until garbage is collected

    def speaks(self, receive: Any, send: Any) -> bool:
        """Whether these are the connection's own, which no middleware has wrapped."""
        cycle = self._cycle()
        return cycle is not None and cycle is _owner(receive) and cycle is _owner(send)

    def body(self) -> bytes | None:
        """Take the request's body, or return None while it is not here whole."""
        cycle = self._cycle()
        if cycle is None or cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        return body

    def answer(self, status: int, headers: Mapping[bytes, bytes], body: bytes) -> bool:
        """Send an answer whose headers say how long it is, and return True, or False when it is to be sent as usual.

        It is when the connection ends with it, or its client does not read, or uvicorn logs it, or it is large.

        Raises:
            ValueError: a header has a control character in it, and nothing is sent.
        """
        cycle = self._cycle()
        if cycle is None or not _ready(cycle) or CONNECTION in headers or len(body) > LARGE:
            return False
        if _CONTROL.search(b"".join(headers.values())):
            raise ValueError("a header of the answer has a control character in it")
        lines = [name + b": " + value + b"\r\n" for name, value in (*cycle.default_headers, *headers.items())]
        whole = b"".join((STATUS_LINE[status], *lines, b"\r\n", body))
        cycle.response_started = cycle.response_complete = True
        cycle.transport.write(whole)
        cycle.message_event.set()
        cycle.on_response()
        return True


class Never:
    """What stands for the extension where a server does not offer it: every step is declined."""

    def speaks(self, receive: Any, send: Any) -> bool:
        """Return False."""
        return False

    def body(self) -> None:
        """Return None."""

    def answer(self, status: int, headers: Mapping[bytes, bytes], body: bytes) -> bool:
        """Return False."""
        return False


NEVER = Never()
NONE: Mapping[str, Any] = {}


def offered(scope: Mapping[str, Any], receive: Any, send: Any) -> AtOnce | Never:
    """Return the extension of a request, or what declines where there is none, or somebody stands in between."""
    found: AtOnce | Never = scope.get("extensions", NONE).get(AT_ONCE, NEVER)
    return found if found.speaks(receive, send) else NEVER


def _owner(bound: Any) -> object:
    return getattr(bound, "__self__", None)


def _ready(cycle: RequestResponseCycle) -> bool:
    """Whether there is nothing to an answer but to send it."""
    if cycle.access_log or cycle.flow.write_paused or cycle.disconnected or cycle.scope["method"] == HEAD:
        return False
    return cycle.keep_alive and CONNECTION not in dict(cycle.default_headers)
