"""The lines of the access log: formatted at once without `logging`, buffered briefly, in order with all other lines."""

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
    """What the log tells of one request; `size` is the response body's bytes, None where that is not known."""

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
        """Return what a line in JSON has, beside time, level, logger and request id."""
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
    """Writes request lines to a stream, `BUFFER_SECONDS` late at most; `flush` writes what waits.

    Until a stream is given, and where the process has configured logging itself, lines are records of the logger
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
        """Write what waits, and leave the stream."""
        self.flush()
        self._stream = None

    def write(self, line: RequestLine) -> None:
        """Write a line soon, or at once after `stop_buffering`."""
        if self._stream is None:
            log.info("%s", line, extra={"request": line})
            return
        self._lines.append(self._format(line))
        if not self._buffering or len(self._lines) >= MAX_LINES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(BUFFER_SECONDS, self._on_timer)

    def stop_buffering(self) -> None:
        """Write what waits, and every later line at once: the process is about to end."""
        self._buffering = False
        self.flush()

    def flush(self, record: object = None) -> bool:
        """Write what waits; as a filter of a handler it keeps lines in order, and lets every record pass."""
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
    """Formats a line of text as `TextLines` formats a record; the second's part of the time is made once a second."""

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
    """Formats a line as a JSON object as `JsonLines` formats a record."""

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
