"""`/stats`: grouping, zones, and parts that add up."""

from importlib import resources
from zoneinfo import ZoneInfo

import pytest


@pytest.fixture
def client(usage):
    return usage.client()


def test_a_day_counts_all_its_models(client, log, stats):
    log(client, model="a", cost=1, timestamp="2026-03-01T10:00:00Z")
    log(client, model="b", cost=2, timestamp="2026-03-01T11:00:00Z")
    (day,) = stats(client)["by_day"]
    assert day == {"date": "2026-03-01", "requests": 2, "cost": 3, "top_model": "b"}


@pytest.mark.parametrize(
    ("grouping", "dates"),
    [
        ("day", ["2026-03-01", "2026-03-02", "2026-03-30"]),
        ("week", ["2026-02-23", "2026-03-02", "2026-03-30"]),
        ("month", ["2026-03-01"]),
    ],
)
def test_group_by_groups(client, log, stats, grouping, dates):
    for day in ("2026-03-01", "2026-03-02", "2026-03-30"):
        log(client, timestamp=f"{day}T12:00:00Z", cost=1)
    periods = stats(client, group_by=grouping)["by_period"]
    assert [period["date"] for period in periods] == dates
    assert sum(period["total_calls"] for period in periods) == 3


@pytest.mark.parametrize(
    ("zone", "date"),
    [
        ("UTC", "2026-03-01"),
        ("Asia/Kathmandu", "2026-03-02"),
        ("America/St_Johns", "2026-03-01"),
        ("Europe/Madrid", "2026-03-01"),
    ],
)
def test_days_are_in_the_requested_zone(client, log, stats, zone, date):
    log(client, timestamp="2026-03-01T18:20:00Z")
    assert [day["date"] for day in stats(client, tz=zone)["by_day"]] == [date]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_days_of_23_and_25_hours_lose_no_call(llmring_live, log, stats, day):
    client = llmring_live(["usage"], usage={"timezone": "Europe/Madrid"}).client()
    for hour in range(24):
        log(client, timestamp=f"{day}T{hour:02}:30:00+02:00")
    found = {one["date"]: one["requests"] for one in stats(client)["by_day"]}
    assert sum(found.values()) == 24
    assert found[day] == sum(stats(client, start_date=day, end_date=day)["by_period"][0][k] for k in ["total_calls"])


def test_a_bare_end_date_includes_its_day_and_a_time_does_not_include_itself(client, log, stats):
    log(client, timestamp="2026-03-02T23:59:59.999999Z")
    assert stats(client, start_date="2026-03-02", end_date="2026-03-02")["summary"]["total_requests"] == 1
    bounds = {"start_date": "2026-03-02T00:00:00Z", "end_date": "2026-03-02T23:59:59.999999Z"}
    assert stats(client, **bounds)["summary"]["total_requests"] == 0


def test_blank_dates_mean_none(client, log, stats):
    log(client)
    assert stats(client, start_date="", end_date="")["summary"]["total_requests"] == 1


def test_an_empty_project_has_empty_statistics(client, stats):
    found = stats(client)
    assert (found["summary"]["total_requests"], found["summary"]["total_cost"], found["by_model"]) == (0, 0, {})


def test_every_breakdown_has_its_names(client, log, stats):
    log(client, alias="fast", profile="prod", origin="svc", cost=1)
    log(client, cost=2)
    found = stats(client)
    assert {name: share["cost"] for name, share in found["by_alias"].items()} == {"fast": 1, "": 2}
    assert set(found["by_profile"]) == {"prod", "default"}
    assert set(found["by_origin"]) == {"svc", ""}
    assert found["by_provider"]["openai"]["requests"] == 2
    assert found["summary"]["unique_origins"] == 1


def test_models_show_their_errors_and_latencies(client, log, stats):
    for milliseconds in range(1, 101):
        log(client, latency_ms=milliseconds, status="error" if milliseconds % 10 == 0 else "success")
    model = stats(client)["by_model"]["gpt-5-mini"]
    assert model["errors"] == 10
    assert model["latency_p50_ms"] == pytest.approx(50, rel=0.05)
    assert model["latency_p95_ms"] == pytest.approx(95, rel=0.05)


def test_format_rows_returns_only_the_periods(client, log, stats):
    log(client, cost=1)
    assert stats(client, format="rows") == stats(client)["by_period"]


def test_rows_can_be_the_deployments_default(llmring_live, log, stats):
    client = llmring_live(["usage"], usage={"stats_format": "rows"}).client()
    log(client, cost=1)
    assert isinstance(stats(client), list)
    assert isinstance(stats(client, format="full"), dict)


@pytest.mark.parametrize(
    "query", [{"tz": "Mars/Base"}, {"start_date": "soon"}, {"group_by": "year"}, {"format": "xml"}]
)
def test_an_invalid_query_is_refused(client, query):
    assert client.get("/api/v1/stats", params=query).status_code == 422


@pytest.mark.parametrize(
    "zone", ["posix/Europe/Madrid", "right/Europe/Madrid", "posixrules", "localtime", "Europe/Nowhere"]
)
def test_an_unknown_zone_is_refused(client, zone):
    answer = client.get("/api/v1/stats", params={"tz": zone})
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["query", "tz"])


@pytest.mark.own_server
def test_a_zone_that_the_database_does_not_know_is_refused(client, log, monkeypatch):
    log(client)
    madrid = resources.files("tzdata") / "zoneinfo" / "Europe" / "Madrid"
    with madrid.open("rb") as file:
        zone = ZoneInfo.from_file(file, key="Europe/Nowhere")
    monkeypatch.setattr("llmring_usage.queries.reader.zone_of", lambda name: zone)
    answer = client.get("/api/v1/stats", params={"tz": "Europe/Madrid"})
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["query", "tz"])


def test_a_reporting_zone_other_than_the_rollups_stops_the_start(llmring_live):
    llmring_live(["usage"], usage={"timezone": "UTC"})
    with pytest.raises(Exception, match="counts its days in UTC"):
        llmring_live(["usage"], usage={"timezone": "Europe/Madrid"})


BREAKDOWNS = ("model", "alias", "profile", "origin", "provider")


def bounded(llmring_live, **settings):
    """Return a client of a server whose breakdowns have three names, with ten calls of ten models."""
    client = llmring_live(["usage"], usage={"stats_names": 3, **settings}).client()
    for number in range(10):
        entry = {"provider": f"p{number}", "model": f"m{number}", "alias": f"a{number}", "profile": f"x{number}",
                 "origin": f"o{number}", "cost": number, "input_tokens": 1, "latency_ms": 100 * (number + 1),
                 "timestamp": f"2026-03-{1 + number % 2:02}T12:00:00Z"}  # fmt: skip
        assert client.post("/api/v1/log", json=entry).status_code == 200
    return client


def test_a_breakdown_has_the_costliest_names_and_the_others_in_one_row(llmring_live, stats):
    found = stats(bounded(llmring_live))
    for kind in BREAKDOWNS:
        letter = {"profile": "x"}.get(kind, kind[0])
        shares = found[f"by_{kind}"]
        assert set(shares) == {f"{letter}9", f"{letter}8", f"{letter}7", "other"}
        assert sum(share["cost"] for share in shares.values()) == found["summary"]["total_cost"] == 45
        assert shares["other"]["requests"] == 7
    assert (found["summary"]["unique_models"], found["summary"]["unique_origins"]) == (10, 10)
    assert 340 < found["by_model"]["other"]["latency_p50_ms"] < 460


def test_among_names_of_equal_cost_those_with_more_calls_have_rows(llmring_live, log, stats):
    client = llmring_live(["usage"], usage={"stats_names": 1}).client()
    for model in ("a", "b", "b", "c"):
        log(client, model=model, cost=0)
    assert {name: share["requests"] for name, share in stats(client)["by_model"].items()} == {"b": 2, "other": 2}


def test_a_model_named_other_is_part_of_the_row_of_the_others(llmring_live, log, stats):
    client = llmring_live(["usage"], usage={"stats_names": 1}).client()
    for model, cost in (("other", 5), ("a", 2), ("b", 1)):
        log(client, model=model, cost=cost)
    assert {name: share["cost"] for name, share in stats(client)["by_model"].items()} == {"a": 2, "other": 6}


@pytest.mark.parametrize(("grouping", "tops"), [("day", ["m8", "m9"]), ("week", ["m8", "m9"]), ("month", ["m9"])])
def test_the_top_model_of_a_period_is_known_beyond_the_rows(llmring_live, stats, grouping, tops):
    client = bounded(llmring_live, stats_names=1)
    client.post("/api/v1/log", json={"provider": "p", "model": "m9", "cost": 1, "timestamp": "2026-03-20T12:00:00Z"})
    found = stats(client, group_by=grouping, end_date="2026-03-02")
    assert [period["top_model"] for period in found["by_period"]] == tops
    assert [day["top_model"] for day in found["by_day"]] == ["m8", "m9"]
    assert sum(period["total_calls"] for period in found["by_period"]) == 10
