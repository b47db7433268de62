"""Request headers, read at little cost."""

from llmring_server.exchange import AnyRequest


def header(req: AnyRequest, name: bytes) -> str | None:
    """Return a request's header by its lower-case name, or None.

    Falcon's `get_header` raises and catches for each that is missing, and most of those asked for on every request are.
    """
    value = req._asgi_headers.get(name)
    return None if value is None else value.decode("latin-1")


def is_person(req: AnyRequest) -> bool:
    """Whether a request asks for HTML, as browsers do; whoever does not is answered in JSON."""
    return "text/html" in (header(req, b"accept") or "")
