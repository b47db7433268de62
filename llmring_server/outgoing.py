"""What a connection sends: the head of an answer and its body in one system call, where uvicorn makes two."""

import asyncio

LARGE = 65_536  # bytes; beyond, to put them behind the head costs more than a call of its own


class Outgoing:
    """A connection's transport, as uvicorn's protocol uses it, that sends in pairs what is written in pairs.

    What is written first waits for what is written next, at most to the end of this pass of the loop. At most one
    part waits; the transport's own limits hold for all that is sent.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._waiting = b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        """Send `data` with what waits, or have it wait."""
        if len(data) > LARGE:
            self._send()
            self._transport.write(data)
        elif self._waiting:
            both, self._waiting = self._waiting + data, b""
            self._transport.write(both)
        elif data:
            self._waiting = bytes(data)
            self._call_soon(self._send)

    def send(self, data: bytes) -> None:
        """Send `data` now, behind what waits."""
        self._send()
        self._transport.write(data)

    def close(self) -> None:
        """Send what waits, and close."""
        self._send()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what waits is not sent."""
        self._waiting = b""
        self._transport.abort()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand the transport to another protocol."""
        self._transport.set_protocol(protocol)

    def _send(self) -> None:
        if self._waiting:
            data, self._waiting = self._waiting, b""
            if not self._transport.is_closing():
                self._transport.write(data)
