"""The templates: Jinja2 over the files of this package, everything escaped, a name that is missing an error."""

from collections.abc import Callable, Mapping
from typing import Any

import jinja2

from llmring_dashboard import figures, wording


class Templates:
    """Renders the files in `templates/`; `always` are the names that every one of them may use, with `parts.html`'s."""

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
        """Return the page that a template makes of values."""
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
}
