"""Static files: a stylesheet, a script and an icon, read once and versioned by a digest of their content."""

import hashlib
import importlib.resources

import falcon.asgi

from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation
from llmring_server.plugins.pages.visit import PATH

PACKAGE = "llmring_dashboard"
MEDIA_TYPES = {"dashboard.css": "text/css", "dashboard.js": "text/javascript", "icon.svg": "image/svg+xml"}


class StaticFiles:
    """`/ui/static/{name}`."""

    def __init__(self) -> None:
        folder = importlib.resources.files(PACKAGE) / "static"
        self._files = {name: (folder / name).read_bytes() for name in MEDIA_TYPES}
        self._digests = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in self._files.items()}

    def url(self, name: str) -> str:
        """Return the URL of a file, which changes with its content, so that the response can be cached for long."""
        return f"{PATH}/static/{name}?{self._digests[name]}"

    @operation(media=tuple(MEDIA_TYPES.values()), errors=(404,))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, name: str) -> None:
        """Serve a file; only the URL with the current digest may be cached for long."""
        if name not in self._files:
            raise Problem(404, f"There is no file {name!r} in {PATH}/static.")
        resp.content_type, resp.data = MEDIA_TYPES[name], self._files[name]
        is_current = req.query_string == self._digests[name]
        resp.set_header("Cache-Control", "public, max-age=31536000, immutable" if is_current else "no-cache")
        resp.set_header("Cross-Origin-Resource-Policy", "same-origin")
