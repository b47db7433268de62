"""A small load generator, used without `wrk` and for a given number of requests.

One thread, keep-alive connections, one request at a time on each. It is slower than wrk and uses a whole core, so the
figures of both are not comparable.
"""

import argparse
import asyncio
import json
import time
from itertools import cycle
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Run:
    """The state shared by all connections: the requests in turn, the end condition, and the results."""

    def __init__(self, messages: list[bytes], seconds: float, requests: int | None) -> None:
        self.messages = cycle(messages)
        self.deadline = time.perf_counter() + seconds
        self.left = requests
        self.latencies: list[float] = []
        self.errors = 0

    def next(self) -> bytes | None:
        """Return the next request, or None at the end of the run."""
        if self.left == 0 or time.perf_counter() > self.deadline:
            return None
        if self.left is not None:
            self.left -= 1
        return next(self.messages)


class Client(asyncio.Protocol):
    """One connection: sends a request, reads the whole response, sends the next."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._buffer = b""
        self._sent = 0.0
        self._waits = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Collect a response; record its latency when it is complete."""
        self._buffer += data
        head, found, rest = self._buffer.partition(END)
        if not found or len(rest) < _length(head):
            return
        self.run.latencies.append(time.perf_counter() - self._sent)
        self.run.errors += head.split(b" ", 2)[1] not in (b"200", b"304")
        self._buffer = b""
        self._waits = False
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the client; an incomplete response is an error."""
        self.run.errors += self._waits
        self.closed.set_result(None)

    def _send(self) -> None:
        message = self.run.next()
        if message is None:
            self._transport.close()
            return
        self._sent, self._waits = time.perf_counter(), True
        self._transport.write(message)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        if line.lower().startswith(LENGTH):
            return int(line[len(LENGTH) :])
    return 0


def messages(url: str, headers: list[str], bodies: list[bytes]) -> list[bytes]:
    """Return the raw requests: a POST per body, or one GET."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    shared = "".join(f"{header}\r\n" for header in [f"Host: {parts.netloc}", *headers])
    if not bodies:
        return [f"GET {path} HTTP/1.1\r\n{shared}\r\n".encode()]
    return [f"POST {path} HTTP/1.1\r\n{shared}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]


async def drive(url: str, run: Run, connections: int) -> dict[str, float]:
    """Send requests until the end of the run, and return the figures: milliseconds, seconds, counts."""
    parts = urlsplit(url)
    place = parts.hostname or "127.0.0.1", parts.port or 80
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(lambda: Client(run), *place) for _ in range(connections)]
    await asyncio.gather(*(client.closed for _, client in opened))
    taken = sorted(run.latencies) or [0.0]
    return {
        "requests": len(run.latencies),
        "seconds": time.perf_counter() - began,
        "p50": taken[len(taken) // 2] * 1000,
        "p99": taken[len(taken) * 99 // 100] * 1000,
        "errors": run.errors,
    }


def main() -> None:
    """Parse the command line, run, and print the figures as JSON, as wrk.lua does."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("-c", "--connections", type=int, default=16)
    parser.add_argument("-d", "--seconds", type=float, default=5.0)
    parser.add_argument("-n", "--requests", type=int, help="number of requests")
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("--bodies", type=Path, help="a file of bodies to POST in turn, one per line")
    options = parser.parse_args()
    bodies = options.bodies.read_bytes().splitlines() if options.bodies else []
    try:
        import uvloop as loops
    except ImportError:
        loops = asyncio  # type: ignore[misc]
    run = Run(messages(options.url, options.header, bodies), options.seconds, options.requests)
    print(json.dumps(loops.run(drive(options.url, run, options.connections))))


if __name__ == "__main__":
    main()
