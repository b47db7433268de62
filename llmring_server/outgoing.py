"""What connections send: gathered for as long as a pass of the event loop takes, then sent one after the other.

So the head of an answer and its body, of which uvicorn makes two system calls, are one; and the answers that one commit
sets free go out right behind each other, which costs less than to wake a client, and be waited for, in between.
"""

import asyncio
from collections.abc import MutableMapping
from typing import Any

LARGE = 65_536  # bytes; beyond, to copy them behind what waits costs more than a call of its own
STATE = "llmring_outbox"


class Outbox:
    """The connections of a process that have something to send at the end of this pass of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._call_soon = loop.call_soon
        self._waiting: list[Outgoing] = []

    def take(self, outgoing: "Outgoing") -> None:
        """Have a connection send what waits."""
        if not self._waiting:
            self._call_soon(self._send)
        self._waiting.append(outgoing)

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        for outgoing in waiting:
            outgoing.send()


class Outgoing:
    """A connection's transport, as uvicorn's protocol uses it, that sends together what is written together.

    At most `LARGE` bytes wait, at most to the end of this pass of the loop; the transport's own limits hold for all
    that is sent.
    """

    def __init__(self, transport: asyncio.Transport, outbox: Outbox) -> None:
        self._transport = transport
        self._outbox = outbox
        self._waiting = b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        """Have `data` sent, behind what waits."""
        if len(self._waiting) + len(data) > LARGE:
            self.send()
            self._transport.write(data)
        elif self._waiting:
            self._waiting += data
        elif data:
            self._waiting = bytes(data)
            self._outbox.take(self)

    def send(self) -> None:
        """Send what waits."""
        if self._waiting:
            data, self._waiting = self._waiting, b""
            if not self._transport.is_closing():
                self._transport.write(data)

    def close(self) -> None:
        """Send what waits, and close."""
        self.send()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what waits is not sent."""
        self._waiting = b""
        self._transport.abort()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand the transport to another protocol."""
        self._transport.set_protocol(protocol)


def outbox_of(state: MutableMapping[str, Any], loop: asyncio.AbstractEventLoop) -> Outbox:
    """Return the outbox of the process whose state this is."""
    found: Outbox | None = state.get(STATE)
    if found is None:
        found = state[STATE] = Outbox(loop)
    return found
