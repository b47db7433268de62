"""Checks of a request's head that RFC 9110 and 9112 require and that ASGI servers omit."""

from collections.abc import Sequence

from llmring_server.http.errors import Problem
from llmring_server.http.exchange import Scope

BLANKS = b" \t"
VERSIONS = ("1.1", "1.0", "2", "3")
CONTINUE = b"100-continue"

Headers = Sequence[tuple[bytes, bytes]]


def check_head(scope: Scope) -> bool:
    """Remove blanks around header values (RFC 9110 §5.5), and return whether the client waits for 100 Continue.

    Raises:
        Problem: 400 for HTTP/0.9, a missing or repeated Host or chunks in HTTP/1.0, 501 for a transfer coding besides
            chunked, whose bytes would be taken for the body.
    """
    headers = scope["headers"] = [(name, value.strip(BLANKS)) for name, value in scope["headers"]]
    values, version = dict(headers), scope["http_version"]
    if version not in VERSIONS:
        raise Problem(400, f"HTTP/{version} is not served. Send HTTP/1.1.")
    if b"host" not in values and version == "1.1":
        raise Problem(400, "The request has no Host header. Send one.")
    if len(values) < len(headers) and len(_all(b"host", headers)) > 1:
        raise Problem(400, "The request has several Host headers. Send one.")
    if b"transfer-encoding" in values:
        _check_codings(_all(b"transfer-encoding", headers), version)
    return b"expect" in values and values[b"expect"].lower() == CONTINUE


def _check_codings(codings: list[bytes], version: str) -> None:
    if [coding.lower() for coding in codings] != [b"chunked"]:
        raise Problem(501, "A Transfer-Encoding besides chunked is not supported. Send chunked alone.")
    if version == "1.0":
        raise Problem(400, "HTTP/1.0 has no Transfer-Encoding. Send HTTP/1.1, or Content-Length.")


def _all(wanted: bytes, headers: Headers) -> list[bytes]:
    return [value for name, value in headers if name == wanted]
