"""The format and destination of log lines: text or JSON objects, the same for all loggers."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
import uvicorn.logging

from llmring_server.http.middleware.request_id import NO_REQUEST, current
from llmring_server.http.middleware.request_log import RequestLog
from llmring_server.settings import LogFormat

LOGGER = "llmring_server"

TEXT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"


class TextLines(logging.Formatter):
    """Formats a record as text: time, level, logger, request id and message."""

    def __init__(self) -> None:
        super().__init__(TEXT)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, followed by a traceback if there is one."""
        record.request_id = current.get()
        return super().format(record)


class JsonLines(logging.Formatter):
    """Formats a record as a JSON object: `time` (RFC 3339, UTC), `level`, `logger`, and `request_id` in a request.

    An access log line has the fields of its `RequestLine`, every other line a `message`; a traceback is `exception`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname,
            "logger": record.name,
        }
        if current.get() != NO_REQUEST:
            line["request_id"] = current.get()
        request = getattr(record, "request", None)
        line |= {"message": _text(record.getMessage())} if request is None else request.members()
        if record.exc_info:
            line["exception"] = _text(self.formatException(record.exc_info))
        return msgspec.json.encode(line).decode()


def formatter(style: LogFormat) -> logging.Formatter:
    """Return the formatter for a value of `LLMRING_LOG_FORMAT`."""
    return JsonLines() if style == "json" else TextLines()


@contextmanager
def logging_to_stderr(
    level: str, style: LogFormat = "text", packages: Iterable[str] = (), requests: RequestLog | None = None
) -> Iterator[None]:
    """Log to stderr: the host, the plugins' `packages`, the warnings of other libraries, and the access log `requests`.

    A logger that already has a handler, its own or of the root logger, is not changed, and then neither are other
    libraries' warnings.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(style))
    loggers = [logging.getLogger(name) for name in {LOGGER, *packages}]
    ours = [logger for logger in loggers if not logger.hasHandlers()]
    targets = [logging.getLogger()] if len(ours) == len(loggers) else ours
    with ExitStack() as stack:
        for logger in ours:
            stack.callback(logger.setLevel, logger.level)
            logger.setLevel(level.upper())
        for logger in targets:
            logger.addHandler(handler)
            stack.callback(logger.removeHandler, handler)
        if requests is not None and logging.getLogger(LOGGER) in ours:
            stack.enter_context(_open_request_log(requests, handler))
        yield


@contextmanager
def _open_request_log(requests: RequestLog, handler: "logging.StreamHandler[TextIO]") -> Iterator[None]:
    """Write request lines to the stream of `handler`, before any later line of it or of uvicorn's handlers."""
    handlers = [handler, *logging.getLogger("uvicorn").handlers]
    requests.open(handler.stream)
    for each in handlers:
        each.addFilter(requests.flush)
    try:
        yield
    finally:
        requests.close()
        for each in handlers:
            each.removeFilter(requests.flush)


def uvicorn_logging(style: LogFormat) -> dict[str, Any]:
    """Return a logging configuration for uvicorn with our format and without its access log."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"default": {"()": f"{__name__}.{formatter.__name__}", "style": style}},
        "handlers": {
            "default": {"class": "logging.StreamHandler", "formatter": "default", "stream": "ext://sys.stderr"}
        },
        "loggers": {"uvicorn": {"handlers": ["default"], "level": "INFO", "propagate": False}},
    }


def adopt_uvicorn(style: LogFormat) -> None:
    """Use our format in a running uvicorn, and disable its access log, which shows query strings; ours replaces it.

    A custom configuration (`--log-config`) is not changed.
    """
    for handler in logging.getLogger("uvicorn").handlers:
        if isinstance(handler.formatter, uvicorn.logging.DefaultFormatter):
            handler.setFormatter(formatter(style))
    requests = logging.getLogger("uvicorn.access")
    for handler in list(requests.handlers):
        if isinstance(handler.formatter, uvicorn.logging.AccessFormatter):
            requests.removeHandler(handler)


def _text(text: str) -> str:
    """Return text that is valid in JSON, with lone surrogates escaped."""
    return text.encode(errors="backslashreplace").decode()
