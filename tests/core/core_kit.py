"""Parts of ad-hoc plugins for the host's tests."""

from llmring_server.http.routing import Route

ARRIVAL = 1.0  # seconds in which a request must arrive at the server of hostile tests


class Echo:
    """A resource that returns the project id."""

    async def on_get(self, req, resp):
        resp.media = {"project_id": getattr(req.context, "project_id", None)}


def echo_routes(server):
    return [Route(path="/echo", resource=Echo())]


def serves(path, responder, method="post", **options):
    """Return an `llmring_routes` hook with one responder: `async def responder(self, req, resp)`."""
    resource = type("Resource", (), {f"on_{method}": responder})()
    return lambda server: [Route(path=path, resource=resource, **options)]
