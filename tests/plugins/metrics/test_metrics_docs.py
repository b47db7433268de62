"""docs/reference/metrics.md and the dashboard against the code: every metric in both, and nothing else in either."""

import itertools
import json
import re
from pathlib import Path

import pytest
from metrics_kit import BEARER, TOKEN, scrape

from llmring_metrics.metric_registry import MetricRegistry, list_series
from llmring_server.app import compose
from llmring_server.runtime.histogram import Histogram
from llmring_server.settings import conf_path, read_conf
from llmring_server.testing import make_plugin, make_settings
from llmring_server.tlog.signers import Signer

EVERY = [*read_conf(conf_path("team"))["plugins"], "transparency"]
ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "metrics.md").read_text()
DASHBOARD = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
NAME = re.compile(r"llmring_\w+")
BY = re.compile(r"by \(([^)]*)\) ?\((?:\w+\()*(llmring_\w+)")


def tables(folder):
    """Return settings with which there is something to show: a journal, and a log with a key."""
    log = {"key": Signer.generate("log.example/metrics").text(), "guard_file": str(folder / "published")}
    return {"usage": {"journal_dir": folder / "journal"}, "transparency": log}


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """Every figure of the built-in plugins, as a server of all of them shows it."""
    server, _ = compose(make_settings({}, **tables(tmp_path_factory.mktemp("data"))), EVERY)
    return server.service(MetricRegistry).all


@pytest.fixture(scope="module")
def shown(figures):
    """The labels of every metric that /metrics shows, by name."""
    return {name: {*figure.labels, "instance", "le"} for figure in figures for name in list_series(figure)}


def test_every_metric_is_documented_with_its_kind_and_labels_and_none_besides(figures):
    rows = re.findall(r"^\| `(llmring_\w+)` \| (\w+) \| ([\w, ]*?) ?\|", PAGE, re.MULTILINE)
    documented = {name: (kind, tuple(filter(None, labels.split(", ")))) for name, kind, labels in rows}
    assert documented == {figure.name: (figure.kind, figure.labels) for figure in figures}


def test_every_metric_that_the_dashboard_asks_for_is_at_the_address(llmring_live, small_registry, tmp_path, shown):
    given = {"registry": {"base_url": small_registry.as_uri() + "/"}, **tables(tmp_path)}
    client = llmring_live(EVERY, metrics={"token": TOKEN}, **given).client()
    text = client.get("/metrics", headers=BEARER).text
    families = set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
    served = {name for name in shown if name in families or name.rpartition("_")[0] in families}
    variables = [one.get("definition", "") for one in DASHBOARD["templating"]["list"]]
    asked = {name for expression in [*EXPRESSIONS, *variables] for name in NAME.findall(expression)}
    assert len(asked) > 20
    assert asked <= served


def test_the_documented_figures_are_shown(llmring_live):
    class Outbox:
        lag, sizes = (lambda self: 7), Histogram((1_000,))

    (example,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    names = {"Outbox": Outbox}
    exec(example, names)
    outbox = make_plugin(
        "outbox", llmring_metrics=names["llmring_metrics"], llmring_services=lambda server: {Outbox: Outbox()}
    )
    found = scrape(llmring_live(["metrics", outbox], metrics={"token": TOKEN}).client())
    assert found.value("llmring_outbox_lag_seconds") == 7
    assert found.value("llmring_outbox_letter_bytes_count") == 0


def test_the_dashboard_shows_every_figure(figures):
    text = " ".join(EXPRESSIONS)
    assert [figure.name for figure in figures if figure.name not in text] == []


def test_the_dashboard_groups_by_labels_that_are_there(shown):
    grouped = [(name, labels.split(", ")) for expression in EXPRESSIONS for labels, name in BY.findall(expression)]
    assert len(grouped) > 10
    assert [(name, labels) for name, labels in grouped if not set(labels) <= shown[name]] == []


def test_the_dashboard_can_be_imported_anywhere():
    assert DASHBOARD["schemaVersion"] >= 36
    assert "id" not in DASHBOARD
    assert "__inputs" not in DASHBOARD
    assert DASHBOARD["templating"]["list"][0]["type"] == "datasource"
    asked = [part["datasource"] for panel in PANELS for part in (panel, *panel["targets"])]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in asked)


def test_the_panels_have_names_of_their_own_and_do_not_overlap():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    for one, two in itertools.combinations([panel["gridPos"] for panel in DASHBOARD["panels"]], 2):
        beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]


def test_every_panel_knows_its_unit_and_every_target_has_its_own_letter():
    for panel in PANELS:
        assert panel["fieldConfig"]["defaults"]["unit"]
        letters = [target["refId"] for target in panel["targets"]]
        assert len(letters) == len(set(letters))
