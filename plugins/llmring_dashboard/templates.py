"""Jinja2 templates of this package, with autoescaping and strict undefined names."""

from collections.abc import Callable, Mapping
from typing import Any

import jinja2

from llmring_dashboard import figures, wording


class Templates:
    """Renders the files in `templates/`; `always` are global names, as are the macros of `parts.html`."""

    def __init__(self, **always: Any) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader("llmring_dashboard"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(always, figures=figures)
        self._environment.filters.update(FILTERS)
        self._environment.globals["parts"] = self._environment.get_template("parts.html").module

    def render(self, name: str, values: Mapping[str, Any]) -> bytes:
        """Return a template rendered with values."""
        return self._environment.get_template(name).render(values).encode()


FILTERS: Mapping[str, Callable[..., Any]] = {
    "money": wording.money,
    "exact": wording.exact,
    "rate": wording.rate,
    "count": wording.count,
    "percent": wording.percent,
    "signed": wording.signed,
    "milliseconds": wording.milliseconds,
    "moment": wording.moment,
    "sentence": wording.sentence,
}
