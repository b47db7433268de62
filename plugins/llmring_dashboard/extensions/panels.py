"""Panels of plugins, loaded beside each other with a time limit; one that fails affects nothing else."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from llmring_server.http.errors import DATABASE_UNAVAILABLE
from llmring_server.plugins.manager import Plugin
from llmring_server.plugins.pages.page import Panel, Place
from llmring_server.plugins.pages.visit import Visit

Render = Callable[[Visit, str, Mapping[str, Any]], str]

log = logging.getLogger(__name__)

PANEL_SECONDS = 2.0


class LoadedPanel(msgspec.Struct, frozen=True):
    """A panel as HTML, or None if it could not be loaded."""

    title: str
    body: Markup | None


class Panels:
    """The panels of all plugins, in conf order; `render` renders a template with values."""

    def __init__(self, panels: Sequence[tuple[Plugin, Panel]], render: Render) -> None:
        self._panels = panels
        self._render = render

    async def load(self, place: Place, visit: Visit, subject: object) -> list[LoadedPanel]:
        """Return the panels of a page that have something to show about its subject."""
        chosen = [self._load(plugin, panel, visit, subject) for plugin, panel in self._panels if panel.place == place]
        return [panel for panel in await asyncio.gather(*chosen) if panel is not None]

    async def _load(self, plugin: Plugin, panel: Panel, visit: Visit, subject: Any) -> LoadedPanel | None:
        try:
            async with asyncio.timeout(PANEL_SECONDS):
                values = await panel.load(visit, subject)
            if values is None:
                return None
            body = self._render(visit, panel.template, values)
        except DATABASE_UNAVAILABLE as error:
            log.warning("plugin %r: the panel %r failed: %s", plugin.name, panel.title, type(error).__name__)
        except Exception:
            log.exception("plugin %r failed in the panel %r", plugin.name, panel.title)
        else:
            return LoadedPanel(panel.title, Markup(body))  # noqa: S704 — rendered by an escaping template
        return LoadedPanel(panel.title, None)
