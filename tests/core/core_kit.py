"""Parts of ad-hoc plugins for the host's tests."""

from llmring_server.http.routing import Route
from llmring_server.plugins.manager import GROUP

ARRIVAL = 1.0  # seconds in which a request must arrive at the server of hostile tests


class Echo:
    """A resource that returns the project id."""

    async def on_get(self, req, resp, **fields):
        resp.media = {"project_id": getattr(req.context, "project_id", None)}


def echo_routes(server):
    return [Route(path="/echo", resource=Echo())]


def serves(path, responder, method="post", **options):
    """Return an `llmring_routes` hook with one responder: `async def responder(self, req, resp)`."""
    resource = type("Resource", (), {f"on_{method}": responder})()
    return lambda server: [Route(path=path, resource=resource, **options)]


def write_distribution(folder, name, plugin, source, module=None):
    """Write a distribution with a plugin into a new folder, as files like those of pip, and return the folder."""
    module = module or f"{name.replace('-', '_')}_module"
    folder = folder / f"site-{name}"
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{plugin} = {module}\n")
    (folder / f"{module}.py").write_text(source)
    return folder
