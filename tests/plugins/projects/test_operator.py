"""The operator's view of all projects, opened by the operator's token alone."""

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from projects_kit import CALL, TOKEN, create_key

from llmring_server.app import compose
from llmring_server.testing import make_settings
from llmring_usage.statistics import projects

PATH = "/api/v1/operator/projects"


@pytest.fixture
def server(llmring_live):
    """A server of its own, since the operator sees the projects of all tests."""
    return llmring_live(["projects", "usage"], projects={"operator_token": TOKEN})


def log(server, project, **fields):
    answer = server.client(project).post("/api/v1/log", json={**CALL, **fields})
    assert answer.status_code == 200, answer.text


def pages(client, **query):
    """Return the rows of every page."""
    answer, rows = client.get(PATH, params=query), []
    while True:
        assert answer.status_code == 200, answer.text
        rows += answer.json()
        if "next" not in answer.links:
            return rows
        answer = client.get(answer.links["next"]["url"])


def test_each_project_has_one_row_with_its_sums(server, operator):
    now = datetime.now(UTC)
    moment = (now - timedelta(days=3)).replace(hour=12, minute=7, second=5, microsecond=250_000)
    log(server, "one", cost=1.25, timestamp=moment.isoformat(), profile="dev")
    log(server, "one", cost=0.5, status="error", timestamp=(moment - timedelta(days=1)).isoformat())
    log(server, "one", cost=None, model="unknown", timestamp=(moment - timedelta(hours=1)).isoformat())
    log(server, "two", cost=3)
    server.client("one").put("/api/v1/project", json={"name": "First"}).raise_for_status()
    two, one = pages(operator)
    assert (two["project_id"], two["name"], two["cost"]) == (server.project_id("two"), None, 3)
    assert one == {
        "project_id": server.project_id("one"), "name": "First", "cost": 1.75, "requests": 3, "errors": 1,
        "unpriced": 1, "last_call": moment.isoformat().replace("+00:00", "Z"), "keys": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sort", "expected"), [("cost", "cab"), ("requests", "bca"), ("errors", "abc"), ("unpriced", "cab")]
)
def test_projects_are_sorted_by_one_of_their_figures(server, operator, sort, expected):
    calls = {"a": [{"status": "error"}, {"cost": 1}], "b": [{"cost": 0}] * 4, "c": [{"cost": 9}, {}, {}]}
    unpriced = {"c": 2, "a": 1}
    for project, entries in calls.items():
        for entry in entries:
            log(server, project, **{"cost": None if project in unpriced else 0, "model": "unknown", **entry})
    ids = {server.project_id(name): name for name in "abc"}
    found = [ids[row["project_id"]] for row in pages(operator, sort=sort)]
    assert found[0] == expected[0]


@pytest.mark.parametrize("sort", ["cost", "requests", "last_call"])
def test_every_project_is_on_exactly_one_page(server, operator, sort):
    for number in range(7):
        log(server, f"p{number}", cost=number % 3)
    found = pages(operator, sort=sort, limit=2)
    assert sorted(row["project_id"] for row in found) == sorted(server.project_id(f"p{n}") for n in range(7))
    if sort == "cost":
        assert [row["cost"] for row in found] == sorted((n % 3 for n in range(7)), reverse=True)


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ({"start_date": "2026-03-01", "end_date": "2026-03-01"}, 1),
        ({"start_date": "2026-03-01", "end_date": "2026-03-02"}, 3),
        ({"start_date": "2026-03-02", "end_date": "2026-03-02", "tz": "Asia/Tokyo"}, 1),
        ({"start_date": "2026-03-02", "end_date": "2026-03-03", "tz": "Asia/Tokyo"}, 3),
        ({"start_date": "2026-02-28", "end_date": "2026-03-01", "tz": "America/New_York"}, 3),
        ({"end_date": "2026-03-20"}, 3),
    ],
)
def test_days_are_those_of_the_zone(server, operator, query, cost):
    log(server, "one", cost=1, timestamp="2026-03-01T20:00:00Z")
    log(server, "one", cost=2, timestamp="2026-03-02T16:00:00Z" if "Tokyo" in str(query) else "2026-03-02T03:00:00Z")
    assert [row["cost"] for row in pages(operator, **query)] == [cost]


def test_a_project_without_calls_in_the_range_is_not_listed(server, operator):
    log(server, "one", timestamp="2020-03-01T20:00:00Z")
    assert pages(operator) == []


def test_without_raw_rows_the_last_call_is_in_its_quarter_hour(server, operator):
    log(server, "one", timestamp="2026-03-01T20:22:00Z")
    server.rows("DELETE FROM usage_logs RETURNING id")
    (row,) = pages(operator, start_date="2026-03-01")
    assert row["last_call"] == "2026-03-01T20:15:00Z"


def test_managed_keys_are_counted_and_give_their_projects_names(llmring_live):
    server = llmring_live(["keys", "projects", "usage"], projects={"operator_token": TOKEN})
    key = create_key(server, "ingest", name="acme")
    server.client(key.key).post("/api/v1/log", json=CALL).raise_for_status()
    (row,) = pages(server.client(None, Authorization=f"Bearer {TOKEN}"))
    assert (row["project_id"], row["name"], row["keys"]) == (key.project_id, "acme", 1)
    server.rows("UPDATE project_keys SET revoked_at = now() RETURNING key_id")
    assert pages(server.client(None, Authorization=f"Bearer {TOKEN}"))[0]["keys"] == 0


@pytest.mark.parametrize(
    "query", [{"sort": "name"}, {"limit": 0}, {"limit": 501}, {"start_date": "x"}, {"end_date": "2026-01-01T00:00:00Z"},
              {"tz": "Mars"}, {"cursor": "x"}, {"start_date": "2026-02-02", "end_date": "2026-02-01"}, {"foo": "1"}]
)  # fmt: skip
def test_an_invalid_query_is_refused(operator, query):
    assert operator.get(PATH, params=query).status_code == 422


def test_a_cursor_of_another_order_is_refused(server, operator):
    for project in ("one", "two"):
        log(server, project)
    following = operator.get(PATH, params={"limit": 1}).links["next"]["url"]
    assert operator.get(following + "&sort=requests").status_code == 422


STATS = "/api/v1/operator/stats"


def breakdown(client, **query):
    answer = client.get(STATS, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def log_some(server):
    """Log calls of two projects, two of them with the same model."""
    log(server, "one", cost=1, model="a", tags={"team": "x"})
    log(server, "one", cost=2, model="b", status="error")
    log(server, "two", cost=4, model="a", tags={"team": "y"})
    server.client("one").put("/api/v1/project", json={"name": "First"}).raise_for_status()


def names_and_costs(found):
    return [(row["names"], row["cost"]) for row in found["rows"]]


def test_statistics_are_by_project_and_add_up(server, operator):
    log_some(server)
    found = breakdown(operator)
    assert names_and_costs(found) == [
        ({"project": server.project_id("two")}, 4),
        ({"project": server.project_id("one"), "project_name": "First"}, 3),
    ]
    assert (found["summary"]["cost"], found["summary"]["requests"], found["summary"]["errors"]) == (7, 3, 1)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"by": "model"}, [({"model": "a"}, 5), ({"model": "b"}, 2)]),
        ({"by": "model", "model": "b"}, [({"model": "b"}, 2)]),
        ({"by": "model", "status": "error"}, [({"model": "b"}, 2)]),
        ({"by": "model", "min_cost": "2"}, [({"model": "a"}, 4), ({"model": "b"}, 2)]),
        ({"by": "tag.team", "tag.team": ["x", "y"]}, [({"tag.team": "y"}, 4), ({"tag.team": "x"}, 1)]),
        ({"by": "model", "top": 1}, [({"model": "a"}, 5), (None, 2)]),
    ],
)
def test_every_dimension_and_filter_is_of_all_projects(server, operator, query, expected):
    log_some(server)
    assert names_and_costs(breakdown(operator, **query)) == expected


def test_two_dimensions_may_include_the_project(server, operator):
    log_some(server)
    found = breakdown(operator, by=["model", "project"])
    assert [row["names"]["model"] for row in found["rows"]] == ["a", "b", "a"]
    assert sum(row["cost"] for row in found["rows"]) == 7


def test_statistics_are_of_the_last_30_days_or_of_the_given_ones(server, operator):
    log(server, "one", cost=1, timestamp="2024-03-01T20:00:00Z")
    log(server, "one", cost=2)
    assert breakdown(operator)["summary"]["cost"] == 2
    assert breakdown(operator, start_date="2024-03-01", end_date="2024-03-01")["summary"]["cost"] == 1
    assert breakdown(operator, start_date="2024-03-02", tz="Asia/Tokyo")["summary"]["cost"] == 3


@pytest.mark.parametrize(
    "query", [{"by": "nothing"}, {"by": ["project", "project"]}, {"by": ["model", "alias", "project"]}, {"top": 0}]
)
def test_an_invalid_breakdown_is_refused(operator, query):
    assert operator.get(STATS, params=query).status_code == 422


def test_a_project_key_has_no_dimension_of_projects(server):
    assert server.client().get("/api/v1/stats?by=project").status_code == 422


def test_an_operators_request_ends_at_its_own_limit_of_time(server, operator, monkeypatch):
    monkeypatch.setattr(projects, "SECONDS", 0.3)
    with psycopg.connect(server.server.database.conninfo) as blocking:
        blocking.execute("LOCK usage_daily IN ACCESS EXCLUSIVE MODE")
        assert operator.get(PATH).status_code == 503


def routes(server):
    """Return method, path, and whether it is an operator's, of every route that is not public."""
    _, table = compose(make_settings({}), server.server.plugins.plugins)
    found = [
        (method, re.sub(r"\{[^}]*\}", "x", route.path), "/operator/" in route.path)
        for _, route in table.items()
        for method in route.responders()
        if not route.public or "/operator/" in route.path
    ]
    assert any(operators for _, _, operators in found)
    return found


def test_no_project_key_opens_an_operators_route(server):
    wrong = [
        (method, path, header)
        for method, path, operators in routes(server)
        for header in ("Authorization", "X-Project-Key", "X-API-Key")
        if operators
        and server.client(None, **{header: f"{'Bearer ' * (header == 'Authorization')}a-key-of-a-project"})
        .request(method, path)
        .status_code
        != 401
    ]
    assert wrong == []


def test_the_operators_token_opens_no_route_of_a_project(server):
    wrong = []
    for header, value in {"Authorization": f"Bearer {TOKEN}", "X-Project-Key": TOKEN, "X-API-Key": TOKEN}.items():
        client = server.client(None, **{header: value})
        for method, path, operators in routes(server):
            status = client.request(method, path, **({} if method == "GET" else {"json": {}})).status_code
            if (status == 401) == (operators and header == "Authorization"):
                wrong.append((method, path, header, status))
    assert wrong == []


def test_the_operators_token_opens_no_dashboard(llmring_live):
    server = llmring_live(["projects", "usage", "dashboard"], projects={"operator_token": TOKEN})
    assert server.run(server.server.projects.identify(TOKEN)) is None
    assert server.run(server.server.projects.identify(TOKEN + "x")) is not None


@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_the_operators_routes_are_closed(llmring_live, token):
    server = llmring_live(["projects", "usage"], projects={"operator_token": token})
    for given in ("x", "x" * 16):
        assert server.client(None, Authorization=f"Bearer {given}").get(PATH).status_code == 403


@pytest.mark.parametrize(
    "value", [f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer", f"Bearer {TOKEN[:-1]}", "Bearer é"]
)
def test_anything_but_the_token_is_refused(server, value):
    answer = server.client(None).get(PATH, headers={"Authorization": value.encode()})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert TOKEN not in answer.text


def test_a_token_of_fewer_than_16_characters_stops_the_start(llmring_cli):
    done = llmring_cli("config", LLMRING_PLUGINS="projects", LLMRING_OPERATOR_TOKEN="x" * 15)
    assert done.returncode == 1
    assert "x" * 15 not in done.stderr + done.stdout


def test_the_token_is_in_no_output_of_the_settings_and_no_log(server, operator, llmring_cli, caplog):
    with caplog.at_level("DEBUG"):
        operator.get(PATH)
        server.client(None, Authorization=f"Bearer {TOKEN}").get("/api/v1/stats")
    assert TOKEN not in caplog.text
    done = llmring_cli("config", LLMRING_PLUGINS="projects", LLMRING_OPERATOR_TOKEN=TOKEN)
    assert (done.returncode, TOKEN in done.stdout + done.stderr) == (0, False)
