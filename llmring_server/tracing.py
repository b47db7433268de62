"""Request ids: one a request, taken from `X-Request-ID` or made here, in the answer and in every log line."""

import contextvars
import logging
import re
import time
import urllib.parse
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import falcon.asgi
import uuid_utils

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9._:\-]{1,128}")
FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
LOGGER = "llmring_server"

current: contextvars.ContextVar[str] = contextvars.ContextVar("llmring_request_id", default="-")
access = logging.getLogger("llmring_server.access")


class RequestIds:
    """Middleware: gives each request its id, and writes its line in the access log when that is on (level INFO)."""

    async def process_request(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Take the client's id when it is well-formed, or make a new one."""
        given = req.get_header(HEADER)
        request_id = given if given and ACCEPTED.fullmatch(given) else uuid_utils.uuid7().hex
        req.context.request_id = request_id
        req.context.started = time.perf_counter()
        resp.set_header(HEADER, request_id)
        current.set(request_id)

    async def process_response(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, req_succeeded: bool
    ) -> None:
        """Log method, path, status and milliseconds; never a header, where the key is."""
        if access.isEnabledFor(logging.INFO):
            elapsed = (time.perf_counter() - req.context.started) * 1000
            access.info("%s %s %d %.1f ms", req.method, shown(req.path), resp.status_code, elapsed)


class _WithRequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current.get()
        return True


@contextmanager
def logging_to_stderr(level: str, packages: Iterable[str] = ()) -> Iterator[None]:
    """Print the log of the host and of the plugins' `packages`, with request ids.

    A logger that the process has already configured, itself or at the root, is left alone.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(FORMAT))
    handler.addFilter(_WithRequestId())
    ours = [logger for logger in map(logging.getLogger, {LOGGER, *packages}) if not logger.hasHandlers()]
    before = [logger.level for logger in ours]
    for logger in ours:
        logger.addHandler(handler)
        logger.setLevel(level.upper())
    try:
        yield
    finally:
        for logger, level_before in zip(ours, before, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level_before)


def shown(path: str) -> str:
    """Return a request's path as one line of ASCII, so that no client can write lines of its own into the log."""
    return urllib.parse.quote(path)


def plain(text: str) -> str:
    """Return a text as a terminal may show it: what would move its cursor, or end the line, is a question mark."""
    return "".join(character if character.isprintable() else "?" for character in text)
