"""`/docs`: Swagger UI for `/openapi.json`, served from an installed package, so that it works offline."""

import importlib.resources

import falcon.asgi

from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation
from llmring_server.http.security_headers import DOCS_POLICY, PAGE_HEADERS

PACKAGE = "offapi"
FILES = {
    "swagger-ui.css": ("swagger_style.css", "text/css"),
    "swagger-ui-bundle.js": ("swagger_bundle.js", "text/javascript"),
    "swagger-ui-standalone-preset.js": ("swagger_preset.js", "text/javascript"),
}
MEDIA = ("text/css", "text/javascript")
PAGE = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>LLMRing Server API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
START = b"""SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "BaseLayout",
});
"""


class Docs:
    """The page and its files."""

    @operation(media=falcon.MEDIA_HTML)
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Swagger UI, to read and try every route."""
        resp.content_type = falcon.MEDIA_HTML
        resp.set_headers({"Content-Security-Policy": DOCS_POLICY, **PAGE_HEADERS})
        resp.data = PAGE

    @operation(media=MEDIA, errors=(404,))
    async def on_get_file(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, name: str) -> None:
        """One of Swagger UI's files."""
        if name == "start.js":
            resp.content_type, resp.data = "text/javascript", START
        elif name in FILES:
            file, resp.content_type = FILES[name]
            resp.data = (importlib.resources.files(PACKAGE) / file).read_bytes()
        else:
            raise Problem(404, f"/docs has no file {name!r}.")
        resp.set_header("Cache-Control", "public, max-age=86400")
