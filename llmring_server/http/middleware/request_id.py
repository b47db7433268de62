"""Request ids: taken from `X-Request-ID` or generated, in the response and in every log line of a request."""

import contextvars
import re
import time

import falcon.asgi
import uuid_utils

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9._:\-]{1,128}")
NO_REQUEST = "-"

current: contextvars.ContextVar[str] = contextvars.ContextVar("llmring_request_id", default=NO_REQUEST)


class RequestIdMiddleware:
    """Falcon middleware: sets the id and the start time of a request in its context."""

    async def process_request(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Use the client's id if it is well-formed, otherwise a new one."""
        given = req.get_header(HEADER)
        request_id = given if given and ACCEPTED.fullmatch(given) else uuid_utils.uuid7().hex
        context = req.context
        context.request_id = request_id
        context.started = time.perf_counter()
        resp.set_header(HEADER, request_id)
        current.set(request_id)
