"""The files of the pages: one stylesheet, a little script, an icon; read once, told apart by their content."""

import hashlib
import importlib.resources

import falcon.asgi

from llmring_dashboard.sessions import PATH
from llmring_server.errors import Problem
from llmring_server.operations import operation

PACKAGE = "llmring_dashboard"
TYPES = {"dashboard.css": "text/css", "dashboard.js": "text/javascript", "icon.svg": "image/svg+xml"}


class Static:
    """`/ui/static/{name}`."""

    def __init__(self) -> None:
        folder = importlib.resources.files(PACKAGE) / "static"
        self._files = {name: (folder / name).read_bytes() for name in TYPES}
        self._digests = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in self._files.items()}

    def address(self, name: str) -> str:
        """Return where a file lies; another content has another address, so that it may be kept for long."""
        return f"{PATH}/static/{name}?{self._digests[name]}"

    @operation(media=tuple(TYPES.values()), errors=(404,))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, name: str) -> None:
        """A file of the dashboard; it may be kept for long under the address that names its content, and no other."""
        if name not in self._files:
            raise Problem(404, f"{PATH}/static has no file {name!r}")
        resp.content_type, resp.data = TYPES[name], self._files[name]
        lasting = req.query_string == self._digests[name]
        resp.set_header("Cache-Control", "public, max-age=31536000, immutable" if lasting else "no-cache")
        resp.set_header("Cross-Origin-Resource-Policy", "same-origin")
