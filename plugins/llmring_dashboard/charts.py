"""Charts: SVG by pygal, without its scripts and styles, which the pages' policy forbids; ours colour it."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pygal
from markupsafe import Markup

from llmring_dashboard.spend import Bar
from llmring_dashboard.wording import exact, money

WIDTH, HEIGHT = 960, 320
MOST_LABELS = 12
SVG = "http://www.w3.org/2000/svg"
PLACE = "the parts of every bar"


class Column:
    """A bar of the whole as pygal has drawn it, and how high the parts of it reach so far, in pixels and in USD."""

    def __init__(self, drawn: ElementTree.Element, scale: float) -> None:
        self._left = f"{float(drawn.get('x', 0)):.2f}"
        self._width = f"{float(drawn.get('width', 0)):.2f}"
        self._floor = self._edge = float(drawn.get("y", 0)) + float(drawn.get("height", 0))
        self._scale = scale  # pixels per USD
        self._top = 0.0

    def put(self, cost: Any, words: str) -> str:
        """Return the next part, on top of the others, with a title of some words."""
        self._top += float(cost)
        floor, self._edge = self._edge, self._floor - self._top * self._scale
        box = f'x="{self._left}" y="{self._edge:.2f}" width="{self._width}" height="{floor - self._edge:.2f}"'
        return f'<rect class="bar" {box}><title>{escape(words)}</title></rect>'


def stacked(bars: Sequence[Bar], steps: Sequence[date]) -> Markup:
    """Return the SVG of costs (USD, none negative) over time, stacked by name.

    pygal draws the one series of the whole: scale, axes, guides, a bar per step. Its own stacks take a multiple of the
    time for as many parts as there are here, and carry figures for its script, so the parts are written as text.
    """
    totals = [float(sum(costs)) for costs in zip(*(bar.costs for bar in bars), strict=True)]
    root = _draw(totals, steps)
    series = next(group for group in root.iter("g") if group.get("class") == "bars")
    drawn = [rect for bar in series for rect in bar if rect.tag == "rect"]
    highest = totals.index(max(totals))
    scale = float(drawn[highest].get("height", 0)) / (totals[highest] or 1)
    columns = [Column(rect, scale) for rect in drawn]
    series[:] = []
    series.text = PLACE
    parts = "".join(_part(number, bar, columns, steps) for number, bar in enumerate(bars))
    frame = ElementTree.tostring(root, encoding="unicode")
    return Markup(frame.replace(PLACE, parts, 1))  # noqa: S704 — escaped: by the XML library, and in `put`


def _draw(totals: Sequence[float], steps: Sequence[date]) -> ElementTree.Element:
    chart = pygal.Bar(
        width=WIDTH, height=HEIGHT, margin=8, js=(), css=(), no_prefix=True, show_legend=False, print_zeroes=False,
        show_x_guides=False, show_minor_x_labels=False, truncate_label=-1, max_scale=8,
        x_labels_major=[str(step) for step in steps[:: len(steps) // MOST_LABELS + 1]],
        value_formatter=lambda value: f"${value:,.6g}",
    )  # fmt: skip
    chart.x_labels = [str(step) for step in steps]
    chart.add("", totals)
    root = ElementTree.fromstring(chart.render())  # noqa: S314 — of our own making
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # HTML knows no prefixes
    _undress(root)
    root.set("xmlns", SVG)
    root.set("role", "img")
    root.set("aria-label", "Bars of the cost, stacked by name; the table below says the same")
    return root


def _part(number: int, bar: Bar, columns: Sequence[Column], steps: Sequence[date]) -> str:
    """Return one name's part of every bar, none where it cost nothing; each has a title with the exact figure."""
    words = ((index, cost, _words(bar, steps[index], cost)) for index, cost in _costs(bar))
    rects = "".join(columns[index].put(cost, said) for index, cost, said in words)
    return f'<g class="color-{number}">{rects}</g>'


def _costs(part: Bar) -> Iterator[tuple[int, Any]]:
    return ((index, cost) for index, cost in enumerate(part.costs) if cost)


def _words(part: Bar, step: date, cost: Any) -> str:
    return f"{part.label}, {step}: {money(cost)} ({exact(cost)} USD)"


def _undress(root: ElementTree.Element) -> None:
    """Take out pygal's script and style, the title it gives every chart, and what its script would fill."""
    root.attrib.pop("id", None)
    for child in list(root):
        if child.tag in ("defs", "title"):
            root.remove(child)
        else:
            for overlay in [part for part in child if "overlay" in part.get("class", "")]:
                child.remove(overlay)
