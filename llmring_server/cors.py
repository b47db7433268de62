"""CORS: which browsers' pages may call this server, as configured in `LLMRING_CORS_ORIGINS`."""

from collections.abc import Sequence

import falcon.asgi

from llmring_server.exchange import AnyRequest, AnyResponse
from llmring_server.headers import header

METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
HEADERS = (
    "X-Project-Key, X-API-Key, Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, "
    "Last-Event-ID, X-Request-ID"
)
EXPOSED = "ETag, X-Alias-Version, Link, Retry-After, RateLimit, RateLimit-Policy, X-Request-ID, Warning, Age"
MAX_AGE_SECONDS = "86400"


class Cors(falcon.CORSMiddleware):  # type: ignore[type-arg]
    """Falcon's rules of CORS, asked before a request is served, with preflights that name the contract's headers."""

    def __init__(self, origins: Sequence[str]) -> None:
        super().__init__(allow_origins="*" if "*" in origins else list(origins), expose_headers=EXPOSED)

    def allow(self, req: AnyRequest, resp: AnyResponse) -> None:
        """Let Falcon decide on the origin, then name headers and methods on an accepted preflight."""
        if self.allow_origins != "*":
            resp.append_header("Vary", "Origin")
        if header(req, b"origin") is None:
            return
        # An origin makes a request take Falcon's way; what Falcon does to a preflight follows here.
        self.process_response(req, resp, None, req_succeeded=False)  # type: ignore[arg-type]
        if req.method == "OPTIONS" and resp.get_header("Access-Control-Allow-Origin"):
            resp.set_header("Access-Control-Allow-Methods", METHODS)
            resp.set_header("Access-Control-Allow-Headers", HEADERS)
            resp.set_header("Access-Control-Max-Age", MAX_AGE_SECONDS)
