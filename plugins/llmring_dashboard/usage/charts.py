"""SVG charts by pygal, without its scripts and styles, which the pages' content security policy forbids."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pygal
from markupsafe import Markup

from llmring_dashboard.rendering.formatting import format_exact, format_usd
from llmring_dashboard.usage.spending import Bar

WIDTH, HEIGHT = 960, 320
MAX_LABELS = 12
SVG = "http://www.w3.org/2000/svg"
PLACEHOLDER = "segments"


class BarPosition:
    """A bar of totals as pygal has drawn it, and the top of its segments so far, in pixels and in USD."""

    def __init__(self, drawn: ElementTree.Element, scale: float) -> None:
        self._left = f"{float(drawn.get('x', 0)):.2f}"
        self._width = f"{float(drawn.get('width', 0)):.2f}"
        self._floor = self._edge = float(drawn.get("y", 0)) + float(drawn.get("height", 0))
        self._scale = scale  # pixels per USD
        self._top = 0.0

    def add_segment(self, cost: Any, title: str) -> str:
        """Return the next segment, on top of the previous ones, with a title."""
        self._top += float(cost)
        floor, self._edge = self._edge, self._floor - self._top * self._scale
        box = f'x="{self._left}" y="{self._edge:.2f}" width="{self._width}" height="{floor - self._edge:.2f}"'
        return f'<rect class="bar" {box}><title>{escape(title)}</title></rect>'


def draw_stacked_bars(bars: Sequence[Bar], steps: Sequence[date]) -> Markup:
    """Return the SVG of costs (USD, none negative) over time, stacked by name.

    pygal draws one series, the totals: scale, axes, guides, a bar per step. Its own stacked bars are several times
    slower and carry data for its script, so the segments are rendered as text that replaces `PLACEHOLDER`.
    """
    totals = [float(sum(costs)) for costs in zip(*(bar.costs for bar in bars), strict=True)]
    root = _draw(totals, steps)
    series = next(group for group in root.iter("g") if group.get("class") == "bars")
    drawn = [rect for bar in series for rect in bar if rect.tag == "rect"]
    highest = totals.index(max(totals))
    scale = float(drawn[highest].get("height", 0)) / (totals[highest] or 1)
    positions = [BarPosition(rect, scale) for rect in drawn]
    series[:] = []
    series.text = PLACEHOLDER
    parts = "".join(_draw_segments(number, bar, positions, steps) for number, bar in enumerate(bars))
    frame = ElementTree.tostring(root, encoding="unicode")
    return Markup(frame.replace(PLACEHOLDER, parts, 1))  # noqa: S704 — escaped: by the XML library, and in `add_segment`


def _draw(totals: Sequence[float], steps: Sequence[date]) -> ElementTree.Element:
    chart = pygal.Bar(
        width=WIDTH, height=HEIGHT, margin=8, js=(), css=(), no_prefix=True, show_legend=False, print_zeroes=False,
        show_x_guides=False, show_minor_x_labels=False, truncate_label=-1, max_scale=8,
        x_labels_major=[str(step) for step in steps[:: len(steps) // MAX_LABELS + 1]],
        value_formatter=lambda value: f"${value:,.6g}",
    )  # fmt: skip
    chart.x_labels = [str(step) for step in steps]
    chart.add("", totals)
    root = ElementTree.fromstring(chart.render())  # noqa: S314 — rendered here
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # HTML has no namespace prefixes
    _strip_svg(root)
    root.set("xmlns", SVG)
    root.set("role", "img")
    root.set("aria-label", "Bar chart of cost, stacked by name. The table below has the same data.")
    return root


def _draw_segments(number: int, bar: Bar, positions: Sequence[BarPosition], steps: Sequence[date]) -> str:
    """Return one name's segments of every bar except empty ones, each with a title that has the exact value."""
    titles = ((index, cost, _format_title(bar, steps[index], cost)) for index, cost in _nonzero_costs(bar))
    rects = "".join(positions[index].add_segment(cost, title) for index, cost, title in titles)
    return f'<g class="color-{number}">{rects}</g>'


def _nonzero_costs(part: Bar) -> Iterator[tuple[int, Any]]:
    return ((index, cost) for index, cost in enumerate(part.costs) if cost)


def _format_title(part: Bar, step: date, cost: Any) -> str:
    return f"{part.label}, {step}: {format_usd(cost)} ({format_exact(cost)} USD)"


def _strip_svg(root: ElementTree.Element) -> None:
    """Remove pygal's script and style, the default title, and the elements its script would fill."""
    root.attrib.pop("id", None)
    for child in list(root):
        if child.tag in ("defs", "title"):
            root.remove(child)
        else:
            for overlay in [part for part in child if "overlay" in part.get("class", "")]:
                child.remove(overlay)
