"""The templates, panels and links of all plugins."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from llmring_dashboard.extensions.links import ColumnLinks, collect_links
from llmring_server.errors import StartupError
from llmring_server.plugins.manager import Plugin
from llmring_server.plugins.pages.page import Panel
from llmring_server.server import Server


class Extensions(msgspec.Struct, frozen=True):
    """The folders of templates by plugin, the panels with their plugins, and the links."""

    templates: Mapping[str, Path]
    panels: Sequence[tuple[Plugin, Panel]]
    links: ColumnLinks


def collect_extensions(server: Server) -> Extensions:
    """Return what all plugins add, in conf order.

    Raises:
        StartupError: a folder or a template does not exist, or a link is invalid.
    """
    templates = _collect_templates(server)
    panels = list(server.plugins.call_flat("llmring_panels", Panel, server=server))
    for plugin, panel in panels:
        folder, _, file = panel.template.partition("/")
        if folder not in templates or not (templates[folder] / file).is_file():
            raise StartupError(
                f"{plugin}: the template {panel.template!r} of the panel {panel.title!r} does not exist; name it "
                "<plugin>/<file>, and return its folder from llmring_templates"
            )
    return Extensions(templates, panels, collect_links(server))


def _collect_templates(server: Server) -> dict[str, Path]:
    found = {}
    for plugin, folder in server.plugins.call("llmring_templates", Path):
        if not folder.is_dir():
            raise StartupError(f"{plugin}: llmring_templates returned {folder}, which is not a folder")
        found[plugin.name] = folder
    return found
