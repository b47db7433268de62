"""What plugins add to the dashboard: pages, panels on its own pages, and links from the values of its columns."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec

from llmring_server.http.routing import Route
from llmring_server.plugins.pages.visit import PATH, Frame, Visit

Place = Literal["overview", "call"]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the navigation, served at `/ui/<name>` and below.

    `build_routes` builds its routes, whose paths are `/ui/<name>`, or continue it with `/` or `.`; all responders are
    declared with `@view`. The navigation passes the filters of calls on to a page that `is_filtered`.
    """

    name: str
    title: str
    build_routes: Callable[[Frame], Iterable[Route]]
    is_filtered: bool = False

    @property
    def path(self) -> str:
        """The path of the page."""
        return f"{PATH}/{self.name}"


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """A section on a page of the dashboard: the overview, or the page of one call.

    `load` returns the values of the `template`, or None to show nothing. It gets the visit and what the page shows:
    a `CallFilter` with the period and the filters of the overview, or the `LogEntry` of the call. If it raises, or
    takes more than two seconds, the page says that the panel could not be loaded.
    """

    place: Place
    title: str
    template: str
    load: Callable[[Visit, Any], Awaitable[Mapping[str, Any] | None]]


class ColumnLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link from each value of a column of calls, for example to a ticket system or a page of the plugin.

    `column` is `model`, `alias`, `profile`, `origin`, `id_at_origin`, `operation_id` or `tag.<name>`. `url` begins
    with `https://`, `http://` or `/`, and contains `{value}`, which is replaced by the percent-encoded value.
    """

    column: str
    url: str
    title: str
