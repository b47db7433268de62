"""Charts: SVG drawn by pygal, without its scripts and styles, which the pages' policy forbids; ours colour it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pygal
from markupsafe import Markup
from pygal.etree import etree

from llmring_dashboard.spend import Bar
from llmring_dashboard.wording import exact, money

WIDTH, HEIGHT = 960, 320
MOST_LABELS = 12


class Stack(pygal.StackedBar):  # type: ignore[misc]  # pygal has no types
    """Stacked bars without the figures that pygal writes beside each for its script: a third of the time of a chart."""

    def _tooltip_and_print_values(self, *drawn: object) -> None:
        pass


def stacked(bars: Sequence[Bar], steps: Sequence[date]) -> Markup:
    """Return the SVG of costs (USD) over time, stacked by name; each bar's title says its figure exactly."""
    chart = Stack(
        width=WIDTH, height=HEIGHT, margin=8, js=(), css=(), no_prefix=True, show_legend=False, print_zeroes=False,
        show_x_guides=False, show_minor_x_labels=False, truncate_label=-1, max_scale=8,
        x_labels_major=[str(step) for step in steps[:: len(steps) // MOST_LABELS + 1]],
        value_formatter=lambda value: f"${value:,.6g}",
    )  # fmt: skip
    chart.x_labels = [str(step) for step in steps]
    for bar in bars:
        chart.add(bar.name, [float(cost) for cost in bar.costs])
    root = chart.render_tree()
    _undress(root)
    _say_figures(root, bars, steps)
    root.set("role", "img")
    root.set("aria-label", "Bars of the cost, stacked by name; the table below says the same")
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704 — escaped by the XML library that writes it


def _undress(root: Any) -> None:
    """Take out pygal's script, style and comments, the title it gives every chart, and what its script would fill."""
    root.attrib.pop("id", None)
    for child in list(root):
        if not isinstance(child.tag, str) or child.tag.endswith(("defs", "title")):
            root.remove(child)
        else:
            for overlay in [part for part in child if "overlay" in part.get("class", "")]:
                child.remove(overlay)


def _say_figures(root: Any, bars: Sequence[Bar], steps: Sequence[date]) -> None:
    """Give each bar a title with its name, step and exact figure; those of nothing are left out."""
    columns = [element for element in root.iter() if element.get("class") == "bars"]
    for column, bar in zip(columns, bars, strict=True):
        for drawn, step, cost in zip(list(column), steps, bar.costs, strict=True):
            if not cost:
                column.remove(drawn)
                continue
            name = "all others" if bar.others else bar.name or "without"
            etree.SubElement(drawn, "title").text = f"{name}, {step}: {money(cost)} ({exact(cost)} USD)"
