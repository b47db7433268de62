"""Metrics of other plugins: the contract, its validation at start, and failing reads."""

from decimal import Decimal

import pytest
from metrics_kit import scrape

from llmring_server.app import compose
from llmring_server.contracts.metrics import Metric
from llmring_server.errors import StartupError
from llmring_server.runtime.histogram import Histogram
from llmring_server.testing import make_plugin, make_settings


def figure(name="llmring_weather_degrees", kind="gauge", read=lambda: 21, **given):
    return Metric(name=name, help="What a plugin shows.", kind=kind, read=read, **given)


def showing(*figures, name="weather"):
    return make_plugin(name, llmring_metrics=lambda server: figures)


def refusal(*plugins):
    with pytest.raises(StartupError) as refused:
        compose(make_settings({}), ["metrics", *plugins])
    return str(refused.value)


def test_a_plugin_declares_a_number(serve):
    degrees = [20]
    client = serve(showing(figure(read=lambda: degrees[0]))).client()
    assert scrape(client).value("llmring_weather_degrees") == 20
    degrees[0] = -3.5
    assert scrape(client).value("llmring_weather_degrees") == -3.5


def test_a_plugin_shows_numbers_by_label(serve):
    read = {("Rome", "day"): 30, ("Oslo", "night"): Decimal("0.1")}
    labelled = figure("llmring_weather_readings_total", "counter", lambda: read, labels=("city", "time"))
    found = scrape(serve(showing(labelled)).client())
    assert found.by("llmring_weather_readings_total", "city", "time") == {("Rome", "day"): 30, ("Oslo", "night"): 0.1}


def test_a_plugin_shows_how_values_are_spread(serve):
    gusts = Histogram((1, 10))
    for speed in (0.5, 1, 1.1, 10, 99):
        gusts.observe(speed)
    spread = figure("llmring_weather_gusts", "histogram", gusts.read)
    found = scrape(serve(showing(spread)).client())
    assert found.by("llmring_weather_gusts_bucket", "le") == {("1",): 2, ("10",): 4, ("+Inf",): 5}
    assert found.value("llmring_weather_gusts_count") == 5
    assert found.value("llmring_weather_gusts_sum") == pytest.approx(111.6)


def test_a_figure_with_nothing_to_show_is_named_without_a_value(serve):
    found = scrape(serve(showing(figure(read=lambda: None))).client())
    assert found.families["llmring_weather_degrees"].samples == []


def test_label_values_may_be_any_text(serve):
    text = 'a "quoted"\n\\ line, é €'
    found = scrape(serve(showing(figure(read=lambda: {(text,): 1}, labels=("city",)))).client())
    assert found.value("llmring_weather_degrees", city=text) == 1


def test_metrics_are_not_collected_while_the_plugin_is_off(llmring_live):
    asked = []
    llmring_live([make_plugin("weather", llmring_metrics=lambda server: asked.append(server) or [])])
    assert asked == []


def failing():
    raise LookupError("no thermometer")


@pytest.mark.parametrize(
    "broken",
    [
        figure("llmring_broken", read=failing),
        figure("llmring_broken", read=lambda: "warm"),
        figure("llmring_broken", read=lambda: float("nan")),
        figure("llmring_broken", read=lambda: {("Rome",): 1}),
        figure("llmring_broken", read=lambda: {(): 1}, labels=("city",)),
        figure("llmring_broken", read=Histogram((1,)).read),
        figure("llmring_broken", "histogram", read=lambda: 1),
    ],
)
def test_a_figure_that_cannot_be_read_is_left_out_and_logged_once_with_its_plugin(serve, caplog, broken):
    client = serve(showing(broken, figure())).client()
    for _ in range(3):
        found = scrape(client)
        assert found.value("llmring_broken") is None
        assert found.value("llmring_weather_degrees") == 21
    (logged,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert "plugin 'weather'" in logged
    assert "llmring_broken" in logged


def test_a_figure_that_can_be_read_again_is_back(serve, caplog):
    readings = [failing]
    client = serve(showing(figure(read=lambda: readings[0]()))).client()
    assert scrape(client).value("llmring_weather_degrees") is None
    readings[0] = lambda: 19
    assert scrape(client).value("llmring_weather_degrees") == 19


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (figure("weather_degrees"), "must be named llmring_"),
        (figure("llmring_Weather"), "must be named llmring_"),
        (figure("llmring_weather_total"), "must end in _total if and only if it is a counter"),
        (figure("llmring_weather", "counter"), "must end in _total if and only if it is a counter"),
        (figure(kind="thermometer"), "must be one of counter, gauge, histogram"),
        (figure(labels=("le",)), "cannot have the label 'le'"),
        (figure(labels=("a-b",)), "cannot have the label 'a-b'"),
    ],
)
def test_a_malformed_figure_stops_the_start_and_names_its_plugin(wrong, said):
    message = refusal(showing(wrong))
    assert "plugin 'weather'" in message
    assert said in message


@pytest.mark.parametrize(
    "second", [figure(), figure("llmring_gusts_sum"), figure("llmring_gusts", "histogram")], ids=lambda one: one.name
)
def test_a_name_that_is_taken_stops_the_start_and_names_both_plugins(second):
    first = showing(figure(), figure("llmring_gusts", "histogram"))
    message = refusal(first, showing(second, name="other"))
    assert "plugin 'other'" in message
    assert "plugin 'weather'" in message


def test_an_object_that_is_not_a_metric_stops_the_start():
    assert "llmring_metrics returned 'warm'" in refusal(make_plugin("weather", llmring_metrics=lambda server: ["warm"]))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"token": "short"}, "LLMRING_METRICS_TOKEN"),
        ({"label_sets": -1}, "LLMRING_METRICS_LABEL_SETS"),
        ({"tokens": "x"}, "did you mean 'token'?"),
    ],
)
def test_an_invalid_setting_stops_the_start_without_showing_it(settings, said):
    with pytest.raises(StartupError) as refused:
        compose(make_settings({}, metrics=settings), ["metrics"])
    assert said in str(refused.value)
    assert "short" not in str(refused.value)
