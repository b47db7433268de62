"""docs/reference/http.md against the routes: every endpoint of every plugin, and none besides."""

import re

import msgspec
from docs_kit import generator, read

from llmring_server.app import compose
from llmring_server.contracts.usage import LogEntry
from llmring_server.contracts.usage_filters import CallFilter
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


def section(title):
    """Return the code spans in the first column of a section's table."""
    text = PAGE.partition(f"\n### {title}\n")[2].partition("\n### ")[0]
    return {name for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name in re.findall(r"`(.*?)`", row)}


def test_every_field_of_a_logged_call_is_documented_and_none_besides():
    assert section("Logged calls") == set(LogEntry.__struct_fields__)


def test_every_filter_is_documented_and_none_besides():
    names = {field.encode_name for field in msgspec.structs.fields(CallFilter)}
    assert section("Filters") == {name.replace("{name}", "<name>") for name in names}
