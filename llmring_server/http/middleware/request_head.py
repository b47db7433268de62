"""Checks of a request's head that RFC 9110 and 9112 require and that ASGI servers omit."""

from llmring_server.http.errors import Problem
from llmring_server.http.exchange import Scope

BLANKS = b" \t"
VERSIONS = ("1.1", "1.0", "2", "3")
CHUNKED = [b"chunked"]


def check_head(scope: Scope) -> bool:
    """Remove blanks around header values (RFC 9110 §5.5), and return whether the client waits for 100 Continue.

    Raises:
        Problem: 400 for HTTP/0.9, a missing or repeated Host or chunks in HTTP/1.0, 501 for a transfer coding besides
            chunked, whose bytes would be taken for the body.
    """
    headers = scope["headers"] = [(name, value.strip(BLANKS)) for name, value in scope["headers"]]
    names = [name for name, _ in headers]
    version, hosts = scope["http_version"], names.count(b"host")
    if version not in VERSIONS:
        raise Problem(400, f"HTTP/{version} is not served. Send HTTP/1.1.")
    if hosts > 1 or (not hosts and version == "1.1"):
        raise Problem(400, f"The request has {hosts or 'no'} Host headers. Send one.")
    if b"transfer-encoding" in names:
        if [value.lower() for name, value in headers if name == b"transfer-encoding"] != CHUNKED:
            raise Problem(501, "A Transfer-Encoding besides chunked is not supported. Send chunked alone.")
        if version == "1.0":
            raise Problem(400, "HTTP/1.0 has no Transfer-Encoding. Send HTTP/1.1, or Content-Length.")
    return b"expect" in names and (b"expect", b"100-continue") in [(n, v.lower()) for n, v in headers]
