"""The lines of the access log: formatted without `logging`, buffered briefly, in order with all other log lines."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple, TextIO

import msgspec

from llmring_server.settings import LogFormat

LOGGER = "llmring_server.access"
BUFFER_SECONDS = 0.05
MAX_LINES = 1_000
log = logging.getLogger(LOGGER)


class RequestLine(NamedTuple):
    """One request in the access log; `size` is the response body's bytes, None when unknown."""

    request_id: str
    method: str
    route: str | None
    path: str
    status: int
    milliseconds: float
    project_id: str | None
    size: int | None

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status} {self.milliseconds:.1f} ms"

    def members(self) -> dict[str, object]:
        """Return the fields of a JSON line besides time, level, logger and request id."""
        return {
            "method": self.method,
            "route": self.route,
            "path": self.path,
            "status": self.status,
            "duration_ms": round(self.milliseconds, 3),
            "project_id": self.project_id,
            "bytes": self.size,
        }


class RequestLog:
    """Writes request lines to a stream, at most `BUFFER_SECONDS` late; `flush` writes the buffered lines.

    Before a stream is opened, or when the process has configured logging, lines are records of the logger
    `llmring_server.access`.
    """

    def __init__(self, style: LogFormat) -> None:
        self._format: Callable[[RequestLine], str] = JsonLine() if style == "json" else TextLine()
        self._stream: TextIO | None = None
        self._lines: deque[str] = deque()
        self._lock = threading.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._buffering = True

    def open(self, stream: TextIO) -> None:
        """Write to `stream` from now on."""
        self._stream, self._buffering = stream, True

    def close(self) -> None:
        """Write the buffered lines, and release the stream."""
        self.flush()
        self._stream = None

    def write(self, line: RequestLine) -> None:
        """Write a line soon, or immediately after `stop_buffering`."""
        if self._stream is None:
            log.info("%s", line, extra={"request": line})
            return
        self._lines.append(self._format(line))
        if not self._buffering or len(self._lines) >= MAX_LINES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(BUFFER_SECONDS, self._on_timer)

    def stop_buffering(self) -> None:
        """Write the buffered lines, and every later line immediately: the process is shutting down."""
        self._buffering = False
        self.flush()

    def flush(self, record: object = None) -> bool:
        """Write the buffered lines; as a filter of a log handler it preserves the order and accepts every record."""
        if self._lines and self._stream is not None:
            with self._lock:
                lines = [self._lines.popleft() for _ in range(len(self._lines))]
                self._stream.write("".join(lines))
                self._stream.flush()
        return True

    def _on_timer(self) -> None:
        self._timer = None
        self.flush()


class TextLine:
    """Formats a line as text like `TextLines`; the time is formatted once per second."""

    def __init__(self) -> None:
        self._second, self._prefix = -1, ""

    def __call__(self, line: RequestLine) -> str:
        """Return the line, with its end."""
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second, self._prefix = second, time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
        return f"{self._prefix},{int((now - second) * 1000):03d} INFO {LOGGER} [{line.request_id}] {line}\n"


class JsonLine:
    """Formats a line as a JSON object like `JsonLines`."""

    def __init__(self) -> None:
        self._second, self._prefix = -1, ""
        self._encode = msgspec.json.Encoder().encode

    def __call__(self, line: RequestLine) -> str:
        """Return the line, with its end."""
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second, self._prefix = second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        head = {
            "time": f"{self._prefix}.{int((now - second) * 1000):03d}Z",
            "level": "INFO",
            "logger": LOGGER,
            "request_id": line.request_id,
        }
        return self._encode(head | line.members()).decode() + "\n"
