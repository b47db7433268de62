"""A project's name and time zone: set by an admin key, shown wherever people see the project."""

import pytest
from projects_kit import CALL, create_key
from selectolax.lexbor import LexborHTMLParser

from llmring_server.testing import eventually

PATH = "/api/v1/project"


@pytest.fixture
def client(server):
    return server.client()


def put(client, **body):
    answer = client.put(PATH, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_new_project_has_only_its_id(server, client):
    assert client.get(PATH).json() == {"project_id": server.project_id(), "name": None, "timezone": None}


def test_a_name_and_a_time_zone_are_returned_as_set(server, client):
    expected = {"project_id": server.project_id(), "name": "Zürich ✓", "timezone": "Europe/Zurich"}
    assert put(client, name="Zürich ✓", timezone="Europe/Zurich") == expected
    assert client.get(PATH).json() == expected


def test_putting_again_replaces_both(client):
    put(client, name="one", timezone="Asia/Tokyo")
    assert put(client, name="two")["timezone"] is None
    assert client.get(PATH).json()["name"] == "two"


def test_each_project_has_its_own_name(server, client):
    put(client, name="one")
    assert server.client("other").get(PATH).json()["name"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"name": "   "}, "name"),
        ({"name": None}, "name"),
        ({"name": "a", "timezone": "Mars/Olympus"}, "timezone"),
        ({"name": "a", "timezone": "posixrules"}, "timezone"),
        ({"name": "a", "timezone": ""}, "timezone"),
    ],
)
def test_an_invalid_name_or_zone_is_refused_with_its_place(client, body, field):
    answer = client.put(PATH, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["body", field]
    assert client.get(PATH).json()["name"] is None


def test_a_name_of_128_characters_is_stored(client):
    assert put(client, name="x" * 128)["name"] == "x" * 128


def test_a_change_reaches_other_processes(llmring_live):
    one, two = (llmring_live(["projects", "usage"]) for _ in range(2))
    eventually(lambda: two.server.notifications.live)
    assert two.client().get(PATH).json()["name"] is None
    put(one.client(), name="here")
    eventually(lambda: two.client().get(PATH).json()["name"] == "here")


def test_statistics_and_lists_have_the_days_of_the_projects_zone(client):
    call = {**CALL, "timestamp": "2026-03-01T20:00:00Z"}
    client.post("/api/v1/log", json=call).raise_for_status()
    put(client, name="a", timezone="Asia/Tokyo")
    days = [day["date"] for day in client.get("/api/v1/stats").json()["by_day"]]
    assert days == ["2026-03-02"]
    assert len(client.get("/api/v1/logs?start_date=2026-03-02").json()) == 1
    assert client.get("/api/v1/logs?start_date=2026-03-02&tz=UTC").json() == []
    assert client.get("/api/v1/stats?tz=UTC").json()["by_day"][0]["date"] == "2026-03-01"


def test_without_the_plugin_statistics_are_in_the_reporting_zone(start_server):
    client = start_server(["usage"]).client()
    client.post("/api/v1/log", json={**CALL, "timestamp": "2026-03-01T20:00:00Z"}).raise_for_status()
    assert client.get("/api/v1/stats").json()["by_day"][0]["date"] == "2026-03-01"
    assert client.get(PATH).status_code == 404


def sign_in(server):
    client = server.client(None, Accept="text/html")
    page = LexborHTMLParser(client.get("/ui/sign-in").text)
    csrf = page.css_first("main input[name=csrf]").attributes["value"]
    client.post("/ui/sign-in", data={"key": server.key(), "csrf": csrf, "next": "/ui"})
    return client


def test_the_dashboard_shows_the_name_beside_the_id_and_starts_in_the_zone(start_server):
    server = start_server(["projects", "usage", "dashboard"], dashboard={"sign_in_attempts": 1_000_000})
    put(server.client(), name="<Acme>", timezone="Asia/Tokyo")
    server.client().post("/api/v1/log", json=CALL).raise_for_status()
    page = LexborHTMLParser(sign_in(server).get("/ui/overview").text)
    assert page.css_first(".project").text().strip() == f"<Acme> ({server.project_id()})"
    assert page.css_first("select[name=tz] option[selected], input[name=tz]").attributes["value"] == "Asia/Tokyo"


@pytest.fixture
def managed(llmring_live):
    return llmring_live(["keys", "projects", "usage"])


def test_a_managed_project_has_the_name_it_was_created_with_until_another_is_set(managed):
    client = managed.client(create_key(managed, "admin").key)
    assert client.get(PATH).json()["name"] == "created"
    put(client, name="renamed")
    assert client.get(PATH).json()["name"] == "renamed"


def test_a_read_key_reads_the_name_and_may_not_set_it(managed):
    client = managed.client(create_key(managed, "read").key)
    assert client.get(PATH).status_code == 200
    assert client.put(PATH, json={"name": "a"}).status_code == 403
