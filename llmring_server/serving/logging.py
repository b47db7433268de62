"""How log lines look, and where they go: one JSON object each or readable text, the same for all that logs here."""

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
    """Time, level, logger, request id and message on a line."""

    def __init__(self) -> None:
        super().__init__(TEXT)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback follows it."""
        record.request_id = current.get()
        return super().format(record)


class JsonLines(logging.Formatter):
    """A JSON object on a line: `time` (RFC 3339, UTC), `level`, `logger`, and `request_id` where there is one.

    The line of a request has the members of its `RequestLine`, every other line a `message`; a traceback is
    `exception`.
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
    """Return what makes lines of records, in the style of `LLMRING_LOG_FORMAT`."""
    return JsonLines() if style == "json" else TextLines()


@contextmanager
def logging_to_stderr(
    level: str, style: LogFormat = "text", packages: Iterable[str] = (), requests: RequestLog | None = None
) -> Iterator[None]:
    """Print the log of the host and of the plugins' `packages`, the warnings of all that they use, and `requests`.

    A logger that the process has already configured, itself or at the root, is left alone, and then everyone else's
    warnings are too.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(style))
    loggers = [logging.getLogger(name) for name in {LOGGER, *packages}]
    ours = [logger for logger in loggers if not logger.hasHandlers()]
    places = [logging.getLogger()] if len(ours) == len(loggers) else ours
    with ExitStack() as stack:
        for logger in ours:
            stack.callback(logger.setLevel, logger.level)
            logger.setLevel(level.upper())
        for logger in places:
            logger.addHandler(handler)
            stack.callback(logger.removeHandler, handler)
        if requests is not None and logging.getLogger(LOGGER) in ours:
            stack.enter_context(_in_order(requests, handler))
        yield


@contextmanager
def _in_order(requests: RequestLog, handler: "logging.StreamHandler[TextIO]") -> Iterator[None]:
    """Write request lines where `handler` writes, before whatever it or uvicorn's handlers write later."""
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
    """Return a logging configuration for uvicorn, with our lines and without its access log."""
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
    """Give a running uvicorn our lines, and drop its line a request, which shows query strings; ours says the same.

    A configuration other than uvicorn's own (`--log-config`) stays as it is.
    """
    for handler in logging.getLogger("uvicorn").handlers:
        if isinstance(handler.formatter, uvicorn.logging.DefaultFormatter):
            handler.setFormatter(formatter(style))
    requests = logging.getLogger("uvicorn.access")
    for handler in list(requests.handlers):
        if isinstance(handler.formatter, uvicorn.logging.AccessFormatter):
            requests.removeHandler(handler)


def _text(text: str) -> str:
    """Return text that JSON can carry: what is no character is spelt out."""
    return text.encode(errors="backslashreplace").decode()
