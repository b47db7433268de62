"""What every answer tells a browser, so that nothing here is run, embedded, or kept where others read it."""

from typing import Any

EVERYWHERE = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
# For answers to a key; one that has an ETag says `private, no-cache` instead.
PRIVATE = "no-store"
# Swagger UI sets styles on its elements and draws with data: images; every script is a file of ours.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def for_browsers(send: Any) -> Any:
    """Return an ASGI `send` that adds to every answer what browsers are told."""

    def sent(event: dict[str, Any]) -> Any:
        if event["type"] == "http.response.start":
            event["headers"] += EVERYWHERE
        return send(event)

    return sent
