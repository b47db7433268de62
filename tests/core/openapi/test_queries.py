"""Query parameters: those that `/openapi.json` lists are accepted on every route, all others are refused by name."""

import re

import pytest

UNKNOWN = "no_such_parameter"
FEATURES = ["registry", "aliases", "usage", "receipts", "transparency", "conversations", "metrics", "dashboard"]
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def server(start_server):
    return start_server(FEATURES)


@pytest.fixture
def operations(server):
    """Return (method, URL, names of the query parameters) of every operation of the fullest conf but the pages."""
    paths = server.client(None).get("/openapi.json").json()["paths"]
    return [
        (
            method,
            re.sub(r"\{[^}]*\}", "1", path),
            [one["name"] for one in item[method]["parameters"] if one["in"] == "query"],
        )
        for path, item in paths.items()
        for method in METHODS
        if method in item and not path.startswith("/ui")
    ]


def faults(answer):
    problem = answer.headers.get("Content-Type", "") == "application/problem+json"
    return {tuple(one["loc"]): one["msg"] for one in answer.json().get("errors", [])} if problem else {}


def test_a_parameter_that_does_not_exist_is_refused_on_every_route(server, operations):
    client = server.client()
    wrong = [
        (method, url, answer.status_code)
        for method, url, _ in operations
        if ("query", UNKNOWN) not in faults(answer := client.request(method, url, params={UNKNOWN: "1"}))
    ]
    assert wrong == []


def test_the_refusal_names_the_parameters_that_exist(server, operations):
    client = server.client()
    for method, url, names in operations:
        message = faults(client.request(method, url, params={UNKNOWN: "1"}))["query", UNKNOWN]
        assert all(name in message for name in names), (method, url)


def test_every_described_parameter_is_known_to_its_route(server, operations):
    client = server.client()
    for method, url, names in operations:
        for name in names:
            if (method, name) == ("get", "profile") and url.endswith("/watch"):
                continue  # answers with a stream that does not end
            message = faults(client.request(method, url, params={name: "x"})).get(("query", name), "")
            assert "no such parameter" not in message, (method, url, name)


def test_a_blank_parameter_is_absent_even_where_it_does_not_exist(server):
    assert server.client().get(f"/health?{UNKNOWN}=").status_code == 200
