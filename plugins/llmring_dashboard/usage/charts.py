"""SVG charts by pygal, without its scripts and styles, which the pages' content security policy forbids."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

import pygal
from markupsafe import Markup
from pygal.etree import etree

from llmring_dashboard.rendering.formatting import format_exact, format_usd
from llmring_dashboard.usage.spending import Bar

WIDTH, HEIGHT = 960, 320
MAX_LABELS = 12
GAP = 0.06
PLACEHOLDER = "segments"


class BarPosition:
    """The position of a bar: its left edge, and the top of its segments so far in pixels and in USD."""

    def __init__(self, left: str, edge: float) -> None:
        self._left = left
        self._edge = edge
        self._top = 0.0

    def add_segment(self, cost: Any, view: Any, width: str, title: str) -> str:
        """Return the next segment, on top of the previous ones, with a title."""
        self._top += float(cost)
        floor, self._edge = self._edge, view.y(self._top)
        box = f'x="{self._left}" y="{self._edge:.2f}" width="{width}" height="{floor - self._edge:.2f}"'
        return f'<rect class="bar" {box}><title>{escape(title)}</title></rect>'


class StackedBars(pygal.Bar):  # type: ignore[misc]  # pygal has no types
    """A bar chart of totals in which each bar is drawn as a stack of its segments.

    pygal lays out one series, the totals: scale, axes, guides. Its own stacked bars are several times slower and carry
    data for its script. The segments are rendered as text that replaces `PLACEHOLDER`, since creating them as XML
    elements took most of the time.
    """

    parts: Sequence[Bar] = ()
    steps: Sequence[date] = ()
    segments: list[str]

    def bar(self, serie: Any, rescale: bool = False) -> None:
        """Draw the segments of every bar except empty ones, each with a title that has the exact value."""
        self.svg.serie(serie)["plot"].text = PLACEHOLDER
        view, length, steps = self.view, self._len, self.steps
        width = view.x(1 / length) - view.x(0)
        positions = [
            BarPosition(f"{view.x(index / length) + GAP * width:.2f}", view.y(0.0)) for index in range(len(steps))
        ]
        bar_width = f"{width * (1 - 2 * GAP):.2f}"
        for number, part in enumerate(self.parts):
            titles = ((index, cost, _format_title(part, steps[index], cost)) for index, cost in _nonzero_costs(part))
            rects = "".join(positions[index].add_segment(cost, view, bar_width, title) for index, cost, title in titles)
            self.segments.append(f'<g class="color-{number}">{rects}</g>')


def draw_stacked_bars(bars: Sequence[Bar], steps: Sequence[date]) -> Markup:
    """Return the SVG of costs (USD, none negative) over time, stacked by name."""
    chart = StackedBars(
        width=WIDTH, height=HEIGHT, margin=8, js=(), css=(), no_prefix=True, show_legend=False, print_zeroes=False,
        show_x_guides=False, show_minor_x_labels=False, truncate_label=-1, max_scale=8,
        x_labels_major=[str(step) for step in steps[:: len(steps) // MAX_LABELS + 1]],
        value_formatter=lambda value: f"${value:,.6g}",
    )  # fmt: skip
    chart.x_labels = [str(step) for step in steps]
    chart.parts, chart.steps, chart.segments = bars, steps, []
    chart.add("", [float(sum(costs)) for costs in zip(*(bar.costs for bar in bars), strict=True)])
    root = chart.render_tree()
    _strip_svg(root)
    root.set("role", "img")
    root.set("aria-label", "Bar chart of cost, stacked by name. The table below has the same data.")
    svg = etree.tostring(root, encoding="unicode").replace(PLACEHOLDER, "".join(chart.segments), 1)
    return Markup(svg)  # noqa: S704 — escaped by the XML library and in `add_segment`


def _nonzero_costs(part: Bar) -> Iterator[tuple[int, Any]]:
    return ((index, cost) for index, cost in enumerate(part.costs) if cost)


def _format_title(part: Bar, step: date, cost: Any) -> str:
    return f"{part.label}, {step}: {format_usd(cost)} ({format_exact(cost)} USD)"


def _strip_svg(root: Any) -> None:
    """Remove pygal's script, style and comments, the default title, and the elements its script would fill."""
    root.attrib.pop("id", None)
    for child in list(root):
        if not isinstance(child.tag, str) or child.tag.endswith(("defs", "title")):
            root.remove(child)
        else:
            for overlay in [part for part in child if "overlay" in part.get("class", "")]:
                child.remove(overlay)
