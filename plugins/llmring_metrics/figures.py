"""Every figure of the server, each with its owner: checked at start, read together while it runs."""

import logging
import re
from collections.abc import Sequence

from llmring_metrics.models import Snapshot, Value, listed, remains
from llmring_server.contracts.figures import Figure, Labels
from llmring_server.errors import StartupError
from llmring_server.plugins import Plugin

log = logging.getLogger(__name__)

NAME = re.compile(r"llmring_[a-z][a-z0-9_]*")
LABEL = re.compile(r"[a-z][a-z0-9_]*")
KINDS = {"counter", "gauge", "histogram"}
ENDINGS = ("_bucket", "_sum", "_count")
RESERVED_LABEL = "le"


class Figures:
    """The figures of every plugin; one that cannot be read is left out and stops no other."""

    def __init__(self) -> None:
        self._figures: list[tuple[Plugin, Figure]] = []
        self._owners: dict[str, Plugin] = {}
        self._failing: set[str] = set()

    def add(self, owner: Plugin, figure: Figure) -> None:
        """Take a plugin's figure.

        Raises:
            StartupError: its name or a label is malformed, or a name is taken; both owners are named.
        """
        fault = _fault(figure)
        if fault:
            raise StartupError(f"{owner}: the figure {figure.name!r} {fault}")
        names = series(figure)
        for name in names:
            if name in self._owners:
                raise StartupError(f"{owner}: the figure {name} is shown by {self._owners[name]} already; name it anew")
        self._owners |= dict.fromkeys(names, owner)
        self._figures.append((owner, figure))

    @property
    def all(self) -> Sequence[Figure]:
        """The figures, in conf order of their plugins."""
        return [figure for _, figure in self._figures]

    def take(self) -> Snapshot:
        """Read every figure of this process."""
        return {figure.name: self._read(owner, figure) for owner, figure in self._figures}

    def remains(self, snapshots: Sequence[Snapshot]) -> Snapshot:
        """Return the one snapshot that stands for workers that are gone."""
        return remains(self.all, snapshots)

    def _read(self, owner: Plugin, figure: Figure) -> list[tuple[Labels, Value]]:
        try:
            found = listed(figure, figure.read())
        except Exception:
            if figure.name not in self._failing:
                log.exception("%s: the figure %s cannot be read; it is left out", owner, figure.name)
            self._failing.add(figure.name)
            return []
        self._failing.discard(figure.name)
        return found


def _fault(figure: Figure) -> str | None:
    """Say what is wrong with a figure, in words that follow its name, or None."""
    if not NAME.fullmatch(figure.name):
        return "must be named llmring_… in small letters, digits and _"
    if figure.kind not in KINDS:
        return f"must be one of {', '.join(sorted(KINDS))}"
    if figure.name.endswith("_total") != (figure.kind == "counter"):
        return "must end in _total when it is a counter, and only then"
    wrong = [label for label in figure.labels if not LABEL.fullmatch(label) or label == RESERVED_LABEL]
    return f"cannot have the label {wrong[0]!r}" if wrong else None


def series(figure: Figure) -> list[str]:
    """Return the names under which a figure's numbers are shown."""
    return [figure.name + ending for ending in ENDINGS] if figure.kind == "histogram" else [figure.name]
