"""Charts: SVG by pygal, without its scripts and styles, which the pages' policy forbids; ours colour it."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pygal
from markupsafe import Markup
from pygal.etree import etree

from llmring_dashboard.spend import Bar
from llmring_dashboard.wording import exact, money

WIDTH, HEIGHT = 960, 320
MOST_LABELS = 12
GAP = 0.06


class Stack(pygal.Bar):  # type: ignore[misc]  # pygal has no types
    """Bars of the whole, each drawn as the stack of its parts.

    pygal lays out the one series of the whole: scale, axes, guides. Its own stacks take a multiple of the time for as
    many parts as there are here, and carry figures for its script.
    """

    parts: Sequence[Bar] = ()
    steps: Sequence[date] = ()

    def bar(self, serie: Any, rescale: bool = False) -> None:
        """Draw the parts of every bar, those of nothing left out; each has a title that says its figure exactly."""
        plot, view = self.svg.serie(serie)["plot"], self.view
        steps, width = self.steps, view.x(1 / self._len) - view.x(0)
        tops, edges = [0.0] * len(steps), [view.y(0.0)] * len(steps)
        lefts = [f"{view.x(index / self._len) + GAP * width:.2f}" for index in range(len(steps))]
        for number, part in enumerate(self.parts):
            group = etree.SubElement(plot, "g", {"class": f"color-{number}"})
            for index, cost in _costs(part):
                tops[index] += float(cost)
                floor, edges[index] = edges[index], view.y(tops[index])
                drawn = etree.SubElement(group, "rect", {
                    "class": "bar", "x": lefts[index], "y": f"{edges[index]:.2f}",
                    "width": f"{width * (1 - 2 * GAP):.2f}", "height": f"{floor - edges[index]:.2f}",
                })  # fmt: skip
                etree.SubElement(drawn, "title").text = _words(part, steps[index], cost)


def stacked(bars: Sequence[Bar], steps: Sequence[date]) -> Markup:
    """Return the SVG of costs (USD, none negative) over time, stacked by name."""
    chart = Stack(
        width=WIDTH, height=HEIGHT, margin=8, js=(), css=(), no_prefix=True, show_legend=False, print_zeroes=False,
        show_x_guides=False, show_minor_x_labels=False, truncate_label=-1, max_scale=8,
        x_labels_major=[str(step) for step in steps[:: len(steps) // MOST_LABELS + 1]],
        value_formatter=lambda value: f"${value:,.6g}",
    )  # fmt: skip
    chart.x_labels = [str(step) for step in steps]
    chart.parts, chart.steps = bars, steps
    chart.add("", [float(sum(costs)) for costs in zip(*(bar.costs for bar in bars), strict=True)])
    root = chart.render_tree()
    _undress(root)
    root.set("role", "img")
    root.set("aria-label", "Bars of the cost, stacked by name; the table below says the same")
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704 — escaped by the XML library that writes it


def _costs(part: Bar) -> Iterator[tuple[int, Any]]:
    return ((index, cost) for index, cost in enumerate(part.costs) if cost)


def _words(part: Bar, step: date, cost: Any) -> str:
    return f"{part.label}, {step}: {money(cost)} ({exact(cost)} USD)"


def _undress(root: Any) -> None:
    """Take out pygal's script, style and comments, the title it gives every chart, and what its script would fill."""
    root.attrib.pop("id", None)
    for child in list(root):
        if not isinstance(child.tag, str) or child.tag.endswith(("defs", "title")):
            root.remove(child)
        else:
            for overlay in [part for part in child if "overlay" in part.get("class", "")]:
                child.remove(overlay)
