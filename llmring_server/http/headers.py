"""Request headers, read."""

import falcon.asgi


def is_person(req: falcon.asgi.Request) -> bool:
    """Whether a request asks for HTML, as browsers do; whoever does not is answered in JSON."""
    return "text/html" in (req.get_header("Accept") or "")
