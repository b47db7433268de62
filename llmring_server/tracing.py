"""Request ids: one a request, taken from `X-Request-ID` or made here, in the answer and in every log line."""

import contextvars
import functools
import logging
import re
import time
import urllib.parse
from typing import Any

import uuid_utils

from llmring_server.exchange import AnyRequest, AnyResponse
from llmring_server.headers import header

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9._:\-]{1,128}")
LOGGER = "llmring_server"
NO_REQUEST = "-"

current: contextvars.ContextVar[str] = contextvars.ContextVar("llmring_request_id", default=NO_REQUEST)
access = logging.getLogger("llmring_server.access")


def take_id(req: AnyRequest, resp: AnyResponse) -> None:
    """Take the client's id of a request when it is well-formed, or make a new one, and note when that was."""
    given = header(req, b"x-request-id")
    request_id = given if given and ACCEPTED.fullmatch(given) else uuid_utils.uuid7().hex
    context = req.context
    context.request_id = request_id
    context.started = time.perf_counter()
    resp.set_header(HEADER, request_id)
    current.set(request_id)


class AccessLog:
    """Middleware: writes a line for each request, at level INFO."""

    async def process_response(self, req: AnyRequest, resp: AnyResponse, resource: object, req_succeeded: bool) -> None:
        """Log method, path, status and milliseconds; never a header, where the key is."""
        elapsed = (time.perf_counter() - req.context.started) * 1000
        path = shown(req.path)
        more = {"request": functools.partial(_members, req, resp, path, elapsed)}
        access.info("%s %s %d %.1f ms", req.method, path, resp.status_code, elapsed, extra=more)


def _members(req: AnyRequest, resp: AnyResponse, path: str, elapsed: float) -> dict[str, Any]:
    """Return what a log of objects says of a request; `bytes` are the answer's, None where nobody knows beforehand."""
    return {
        "method": req.method,
        "route": req.uri_template,
        "path": path,
        "status": resp.status_code,
        "duration_ms": round(elapsed, 3),
        "project_id": getattr(req.context, "project_id", None),
        "bytes": _size(resp),
    }


def _size(resp: AnyResponse) -> int | None:
    if resp.data is not None:
        return len(resp.data)
    if resp.text is not None:
        return len(resp.text.encode())
    return None if resp.media is not None or resp.stream is not None or resp.sse is not None else 0


def shown(path: str) -> str:
    """Return a request's path as one line of ASCII, so that no client can write lines of its own into the log."""
    return urllib.parse.quote(path)


def plain(text: str) -> str:
    """Return a text as a terminal may show it: what would move its cursor, or end the line, is a question mark."""
    return "".join(character if character.isprintable() else "?" for character in text)
