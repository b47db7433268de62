"""Jinja2 templates of this package and of other plugins, with autoescaping and strict undefined names."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2

from llmring_dashboard.rendering import formatting, markup


class Templates:
    """Renders the files in `templates/`, and in the folders of other plugins as `<plugin>/<file>`.

    `global_names` are global names, as are the macros of `macros.html`.
    """

    def __init__(self, folders: Mapping[str, Path], **global_names: Any) -> None:
        others = {plugin: jinja2.FileSystemLoader(folder) for plugin, folder in folders.items()}
        self._environment = jinja2.Environment(
            loader=jinja2.ChoiceLoader([jinja2.PackageLoader("llmring_dashboard"), jinja2.PrefixLoader(others)]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(global_names, markup=markup)
        self._environment.filters.update(FILTERS)
        self._environment.globals["macros"] = self._environment.get_template("macros.html").module

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Return a template rendered with values."""
        return self._environment.get_template(name).render(values)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "money": formatting.format_usd,
    "exact": formatting.format_exact,
    "rate": formatting.format_rate,
    "count": formatting.format_count,
    "percent": formatting.format_percent,
    "signed": formatting.format_change,
    "milliseconds": formatting.format_duration,
    "moment": formatting.format_time,
    "sentence": formatting.format_sentence,
    "price_source": formatting.format_price_source,
}
