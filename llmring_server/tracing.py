"""Request ids: one a request, taken from `X-Request-ID` or made here, in the answer and in every log line."""

import contextvars
import logging
import re
import time
from collections.abc import Iterator
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
            access.info("%s %s %d %.1f ms", req.method, req.path, resp.status_code, elapsed)


class _WithRequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current.get()
        return True


@contextmanager
def logging_to_stderr(level: str) -> Iterator[None]:
    """Attach a handler that prints request ids, unless the process already configures this logger itself."""
    logger = logging.getLogger(LOGGER)
    if logger.handlers:
        yield
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(FORMAT))
    handler.addFilter(_WithRequestId())
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
