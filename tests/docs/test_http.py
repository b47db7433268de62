"""docs/reference/http.md against the routes: every endpoint of every plugin, and none besides."""

import re

from docs_kit import generator, read

from llmring_server.app import compose
from llmring_server.testing import make_settings

PAGE = read("docs/reference/http.md")
NOT_AN_API = ("/ui", "/docs/{name}")  # pages for people, and the files of /docs


def test_every_endpoint_is_documented_and_none_besides():
    _, routes = compose(make_settings({}), generator().builtin_plugins().names)
    endpoints = {
        f"{method} {'/api/v1' * route.path.startswith('/conversations')}{route.path}"
        for _, route in routes.items()
        for method in route.responders()
        if not route.path.startswith(NOT_AN_API)
    }
    rows = re.findall(r"^\| `([A-Z]+ /[^`? ]*)", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(endpoints)
