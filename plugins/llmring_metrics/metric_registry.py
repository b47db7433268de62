"""The metrics of all plugins with their owners: validated at start, read together while the server runs."""

import logging
import re
from collections.abc import Sequence

from llmring_metrics.models import Snapshot, Value, merge_exited, normalize_reading
from llmring_server.contracts.metrics import Labels, Metric
from llmring_server.errors import StartupError
from llmring_server.plugins.manager import Plugin

log = logging.getLogger(__name__)

NAME = re.compile(r"llmring_[a-z][a-z0-9_]*")
LABEL = re.compile(r"[a-z][a-z0-9_]*")
KINDS = {"counter", "gauge", "histogram"}
ENDINGS = ("_bucket", "_sum", "_count")
RESERVED_LABEL = "le"


class MetricRegistry:
    """The metrics of all plugins; one that cannot be read is skipped and does not affect the others."""

    def __init__(self) -> None:
        self._figures: list[tuple[Plugin, Metric]] = []
        self._owners: dict[str, Plugin] = {}
        self._failing: set[str] = set()

    def add(self, owner: Plugin, figure: Metric) -> None:
        """Register a plugin's metric.

        Raises:
            StartupError: a name or a label is invalid, or a name is taken; the message has both owners.
        """
        error = _validate(figure)
        if error:
            raise StartupError(f"{owner}: the metric {figure.name!r} {error}")
        names = list_series(figure)
        for name in names:
            if name in self._owners:
                raise StartupError(f"{owner}: the metric {name} is already declared by {self._owners[name]}; rename it")
        self._owners |= dict.fromkeys(names, owner)
        self._figures.append((owner, figure))

    @property
    def all(self) -> Sequence[Metric]:
        """The metrics, in the order of the plugins in the configuration."""
        return [figure for _, figure in self._figures]

    def take_snapshot(self) -> Snapshot:
        """Read all metrics of this process."""
        return {figure.name: self._read(owner, figure) for owner, figure in self._figures}

    def merge_exited(self, snapshots: Sequence[Snapshot]) -> Snapshot:
        """Merge the snapshots of exited workers."""
        return merge_exited(self.all, snapshots)

    def _read(self, owner: Plugin, figure: Metric) -> list[tuple[Labels, Value]]:
        try:
            found = normalize_reading(figure, figure.read())
        except Exception:
            if figure.name not in self._failing:
                log.exception("%s: the metric %s cannot be read and is skipped", owner, figure.name)
            self._failing.add(figure.name)
            return []
        self._failing.discard(figure.name)
        return found


def _validate(figure: Metric) -> str | None:
    """Return the error in a metric, worded to follow its name, or None."""
    if not NAME.fullmatch(figure.name):
        return "must be named llmring_… with lowercase letters, digits and _"
    if figure.kind not in KINDS:
        return f"must be one of {', '.join(sorted(KINDS))}"
    if figure.name.endswith("_total") != (figure.kind == "counter"):
        return "must end in _total if and only if it is a counter"
    wrong = [label for label in figure.labels if not LABEL.fullmatch(label) or label == RESERVED_LABEL]
    return f"cannot have the label {wrong[0]!r}" if wrong else None


def list_series(figure: Metric) -> list[str]:
    """Return the names of a metric's series."""
    return [figure.name + ending for ending in ENDINGS] if figure.kind == "histogram" else [figure.name]
