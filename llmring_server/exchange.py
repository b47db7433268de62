"""A request and its answer, lean: what the host, middleware and direct operations use of Falcon's, by the same names.

Falcon's own read all of a request and are ready for any kind of answer; that costs more than the work of a short call.
`AnyRequest` and `AnyResponse` stand for both kinds: what takes them, and touches no more than the lean ones have,
serves both. Header names are lower case inside, as ASGI has them.
"""

import functools
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import falcon
import falcon.asgi

from llmring_server.security import TAKE_AT_ITS_WORD

BODILESS = frozenset({204, 304})
NO_BODY: Mapping[str, Any] = {"type": "http.request", "body": b"", "more_body": False}


class Context:
    """What is found out about a request on its way, by the host (the slots) or by anybody else."""

    __slots__ = ("__dict__", "key_id", "limits", "project_id", "request_id", "scope", "show_problem", "started")


class Asked:
    """A request whose body has arrived whole, at a path without fields."""

    __slots__ = ("_asgi_headers", "body", "context", "method", "path", "query_string", "scope", "uri_template")

    def __init__(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], body: bytes, path: str) -> None:
        self.scope = scope
        self.body = body
        self.method: str = scope["method"]
        self.path = self.uri_template = path
        self.query_string: str = scope["query_string"].decode()
        self.context: Any = Context()
        self._asgi_headers = headers

    def get_header(self, name: str) -> str | None:
        """Return a header, or None."""
        value = self._asgi_headers.get(_encoded(name))
        return None if value is None else value.decode("latin-1")

    @property
    def content_type(self) -> str | None:
        """The media type of the body, with its parameters."""
        return self.get_header("content-type")

    @property
    def remote_addr(self) -> str:
        """The address of the client."""
        client = self.scope.get("client")
        return str(client[0]) if client else "127.0.0.1"


def _never(name: str) -> Any:
    """Return an attribute of Falcon's answers that stays None here: whoever sets it needs Falcon's."""

    def refuse(said: "Said", value: Any) -> None:
        if value is not None:
            raise AttributeError(
                f"a direct operation answers with `data` or `text`; `{name}` takes one that is not direct"
            )

    return property(lambda said: None, refuse)


class Said:
    """An answer that is a document, or has no body; `headers` begin with what every answer says."""

    __slots__ = ("complete", "data", "headers", "status", "text")

    media, sse, stream = _never("media"), _never("sse"), _never("stream")

    def __init__(self) -> None:
        self.status: str = falcon.HTTP_200
        self.data: bytes | None = None
        self.text: str | None = None
        self.headers = BEGINNING.copy()
        self.complete = False

    @property
    def status_code(self) -> int:
        """The status as a number."""
        return int(falcon.http_status_to_code(self.status))

    @property
    def content_type(self) -> str | None:
        """The media type of the document."""
        return self.get_header("content-type")

    @content_type.setter
    def content_type(self, value: str) -> None:
        self.set_header("content-type", value)

    @property
    def retry_after(self) -> str | None:
        """When to ask again, in seconds."""
        return self.get_header("retry-after")

    @retry_after.setter
    def retry_after(self, value: int | str) -> None:
        self.set_header("retry-after", str(value))

    def set_header(self, name: str, value: str) -> None:
        """Set a header, in place of one of that name."""
        self.headers[_encoded(name)] = value.encode("latin-1")

    def set_headers(self, headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
        """Set several headers."""
        for name, value in headers.items() if isinstance(headers, Mapping) else headers:
            self.set_header(name, value)

    def append_header(self, name: str, value: str) -> None:
        """Add a value to those that a header has."""
        before = self.get_header(name)
        self.set_header(name, value if before is None else f"{before}, {value}")

    def get_header(self, name: str) -> str | None:
        """Return a header, or None."""
        value = self.headers.get(_encoded(name))
        return None if value is None else value.decode("latin-1")

    def whole(self) -> tuple[int, Mapping[bytes, bytes], bytes]:
        """Return the answer as it is sent: its status, its headers with the length, and its body."""
        status, headers, body = self.status_code, self.headers, self.data or (self.text or "").encode()
        if status in BODILESS:
            body = b""
            headers.pop(b"content-type", None)
        else:
            headers[b"content-length"] = b"%d" % len(body)
        return status, headers, body


AnyRequest: TypeAlias = falcon.asgi.Request | Asked
AnyResponse: TypeAlias = falcon.asgi.Response | Said


@functools.lru_cache(maxsize=512)
def _encoded(name: str) -> bytes:
    return name.lower().encode("latin-1")


BEGINNING = {b"content-type": b"application/json", _encoded(TAKE_AT_ITS_WORD[0]): TAKE_AT_ITS_WORD[1].encode()}
