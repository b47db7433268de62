"""Links of plugins from the values of columns."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from markupsafe import Markup

from llmring_server.contracts.usage import LogEntry
from llmring_server.errors import StartupError
from llmring_server.plugins.manager import Plugin
from llmring_server.plugins.pages.page import ColumnLink
from llmring_server.server import Server

COLUMN = re.compile(r"model|alias|profile|origin|id_at_origin|operation_id|tag\..+")
URL = re.compile(r"(https?://[^/{}]+)?/[^{}]*\{value\}[^{}]*")


class ColumnLinks:
    """The links of all plugins by column."""

    def __init__(self, links: Mapping[str, ColumnLink]) -> None:
        self._links = links

    def render(self, column: str, value: str | None) -> str | Markup:
        """Return a value as text, or as a link if a plugin has one for its column."""
        link = self._links.get(column)
        if link is None or not value:
            return value or ""
        url = link.url.replace("{value}", quote(value, safe=""))
        return Markup('<a href="{}" title="{}">{}</a>').format(url, link.title, value)

    def render_tags(self, entry: LogEntry) -> list[tuple[str, str | Markup]]:
        """Return the tags of a call that have links: each name with its linked value."""
        tags: dict[str, Any] = (msgspec.json.decode(entry.tags) or {}) if entry.tags else {}
        found = {name: value for name, value in tags.items() if f"tag.{name}" in self._links}
        return [(name, self.render(f"tag.{name}", str(value))) for name, value in found.items()]


def collect_links(server: Server) -> ColumnLinks:
    """Return the links of all plugins.

    Raises:
        StartupError: a column or URL is invalid, or two plugins have a link for one column.
    """
    found: dict[str, tuple[Plugin, ColumnLink]] = {}
    for plugin, link in server.plugins.call_flat("llmring_column_links", ColumnLink, server=server):
        if not COLUMN.fullmatch(link.column):
            raise StartupError(f"{plugin}: there is no column {link.column!r}; see ColumnLink")
        if not URL.fullmatch(link.url):
            raise StartupError(
                f"{plugin}: the link {link.url!r} must be an http URL or a path, with {{value}} in its path"
            )
        other = found.setdefault(link.column, (plugin, link))
        if other[1] is not link:
            raise StartupError(f"{plugin} and {other[0]} have a link for the column {link.column!r}; disable one")
    return ColumnLinks({column: link for column, (_, link) in found.items()})
