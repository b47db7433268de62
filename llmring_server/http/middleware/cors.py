"""CORS: the origins that browsers may call this server from, `LLMRING_CORS_ORIGINS`."""

from collections.abc import Sequence

import falcon
import falcon.asgi

from llmring_server.http.security_headers import NOSNIFF_HEADER

METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
HEADERS = (
    "X-Project-Key, X-API-Key, Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, "
    "Last-Event-ID, X-Request-ID"
)
EXPOSED = "ETag, X-Alias-Version, Link, Retry-After, RateLimit, RateLimit-Policy, X-Request-ID, Warning, Age"
MAX_AGE_SECONDS = "86400"


class BrowserHeaders:
    """Falcon middleware: sets the headers for browsers on every response, including errors.

    These are Falcon's CORS headers for the allowed origins, with preflights that name the API's headers, and
    `X-Content-Type-Options`.
    """

    def __init__(self, origins: Sequence[str]) -> None:
        allowed = "*" if "*" in origins else list(origins)
        self._cors = falcon.CORSMiddleware(allow_origins=allowed, expose_headers=EXPOSED)  # type: ignore[var-annotated]

    async def process_request(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Set the headers before the request is served, so that every response has them."""
        resp.set_header(*NOSNIFF_HEADER)
        if self._cors.allow_origins != "*":
            resp.append_header("Vary", "Origin")
        if req.get_header("Origin") is None:
            return
        self._cors.process_response(req, resp, None, req_succeeded=False)
        if req.method == "OPTIONS" and resp.get_header("Access-Control-Allow-Origin"):
            resp.set_header("Access-Control-Allow-Methods", METHODS)
            resp.set_header("Access-Control-Allow-Headers", HEADERS)
            resp.set_header("Access-Control-Max-Age", MAX_AGE_SECONDS)
