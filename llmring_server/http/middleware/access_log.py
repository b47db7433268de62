"""The access log: one line per request, with method, path, status and duration; never a header, where the key is."""

import time

import falcon.asgi

from llmring_server.http.middleware.request_log import RequestLine, RequestLog
from llmring_server.http.printable import quote_path


class AccessLog:
    """Falcon middleware: writes a line for each request, at level INFO."""

    def __init__(self, request_log: RequestLog) -> None:
        self._log = request_log

    async def process_response(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, req_succeeded: bool
    ) -> None:
        """Write the line."""
        context = req.context
        self._log.write(
            RequestLine(
                context.request_id,
                req.method,
                req.uri_template,
                quote_path(req.path),
                resp.status_code,
                (time.perf_counter() - context.started) * 1000,
                getattr(context, "project_id", None),
                response_size(resp),
            )
        )


def response_size(resp: falcon.asgi.Response) -> int | None:
    """Return the bytes of a response's body, or None where they are not known before it is sent."""
    if resp.data is not None:
        return len(resp.data)
    if resp.text is not None:
        return len(resp.text.encode())
    return None if resp.media is not None or resp.stream is not None or resp.sse is not None else 0
