"""`/metrics`: access, and the metrics of requests, the database and other features."""

import pytest
from metrics_kit import BEARER, TOKEN, Scrape, scrape
from prometheus_client.openmetrics import parser as openmetrics

from llmring_server.http.routing import Route
from llmring_server.testing import eventually, make_plugin

REQUESTS = "llmring_http_requests_total"
SECONDS = "llmring_http_request_seconds"


@pytest.fixture
def server(serve):
    return serve("aliases")


@pytest.fixture
def client(server):
    return server.client()


class Failing:
    async def on_get(self, req, resp):
        raise RuntimeError


def test_without_a_token_in_the_settings_metrics_are_closed_to_everyone(llmring_live, caplog):
    client = llmring_live(["metrics"]).client()
    for headers in ({}, BEARER, {"Authorization": "Bearer"}, {"Authorization": "Bearer None"}):
        answer = client.get("/metrics", headers=headers)
        assert (answer.status_code, "llmring_" in answer.text) == (403, False)
    assert "LLMRING_METRICS_TOKEN" in answer.json()["detail"]
    assert "/metrics is closed" in caplog.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN} x"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer é".encode()},
        {"X-Project-Key": TOKEN},
        {"X-API-Key": TOKEN},
    ],
)
def test_only_the_token_is_accepted_and_no_project_key(server, headers):
    answer = server.client().get("/metrics", headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert TOKEN not in answer.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_token_opens_them(server, scheme):
    answer = server.client(None).get("/metrics", headers={"Authorization": f"{scheme} {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


def test_openmetrics_is_returned_if_accepted(client):
    answer = client.get(
        "/metrics", headers={**BEARER, "Accept": "application/openmetrics-text;version=1.0.0,text/plain"}
    )
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    families = list(openmetrics.text_string_to_metric_families(answer.text))
    assert "llmring_http_requests" in {family.name for family in families}


def test_requests_are_counted_by_method_route_and_status(client):
    body = {"alias": "a", "model": "m:n"}
    for _ in range(3):
        client.post("/api/v1/aliases/bind", json=body)
    client.post("/api/v1/aliases/bind", json={})
    client.get("/api/v1/aliases/a")
    client.get("/api/v1/aliases/b")
    client.get("/api/v1/aliases/b/")
    counted = scrape(client).by(REQUESTS, "method", "route", "status")
    assert counted == {
        ("POST", "/api/v1/aliases/bind", "200"): 3,
        ("POST", "/api/v1/aliases/bind", "422"): 1,
        ("GET", "/api/v1/aliases/{alias}", "200"): 1,
        ("GET", "/api/v1/aliases/{alias}", "404"): 2,
    }


def test_requests_without_a_key_and_those_that_fail_are_counted(serve, caplog):
    server = serve(make_plugin("failing", llmring_routes=lambda server: [Route(path="/fail", resource=Failing())]))
    server.client(None).get("/fail")
    server.client().get("/fail")
    server.client().delete("/fail")
    counted = scrape(server.client()).by(REQUESTS, "method", "status")
    assert counted == {("GET", "401"): 1, ("GET", "500"): 1, ("DELETE", "405"): 1}


def test_paths_and_methods_of_a_clients_making_have_one_series(client):
    for number in range(50):
        client.get(f"/nowhere/{number}")
    for method in ("PROPFIND", "PURGE", "SEARCH"):
        client.request(method, "/nowhere")
    counted = scrape(client).by(REQUESTS, "method", "route")
    assert counted == {("GET", "unmatched"): 50, ("other", "unmatched"): 3}


def test_latencies_are_counted_by_route(client):
    for _ in range(5):
        client.get("/health/live")
    found = scrape(client)
    assert found.value(f"{SECONDS}_count", route="/health/live") == 5
    assert 0 < found.value(f"{SECONDS}_sum", route="/health/live") < 5
    buckets = found.by(f"{SECONDS}_bucket", "route", "le")
    assert buckets["/health/live", "+Inf"] == 5
    in_order = sorted((float(end), count) for (route, end), count in buckets.items() if route == "/health/live")
    assert [count for _, count in in_order] == sorted(count for _, count in in_order)


def test_the_pool_of_connections_is_shown(client):
    before = scrape(client)
    for _ in range(3):
        client.get("/api/v1/aliases")
        client.post("/api/v1/aliases/bind", json={"alias": "a", "model": "m:n"})
    after = scrape(client)
    asked = "llmring_database_pool_requests_total"
    assert after.value(asked) > before.value(asked)
    assert after.value("llmring_database_pool_max_connections") == 4
    assert 1 <= after.value("llmring_database_pool_connections") <= 4
    assert after.value("llmring_database_pool_waiting") == 0


def test_the_age_of_the_registry_grows_and_its_models_are_counted(llmring_live, small_registry):
    registry = {"base_url": small_registry.as_uri() + "/"}
    server = llmring_live(["metrics", "registry"], metrics={"token": TOKEN}, registry=registry)
    client = server.client()
    models = len(client.get("/registry").json()["models"])
    first = scrape(client)
    assert first.value("llmring_registry_models") == models > 0
    assert 0 <= first.value("llmring_registry_age_seconds") < 60
    eventually(
        lambda: scrape(client).value("llmring_registry_age_seconds") > first.value("llmring_registry_age_seconds")
    )


def test_a_registry_without_a_copy_has_no_age(llmring_live, tmp_path):
    registry = {"base_url": tmp_path.as_uri() + "/", "start_wait_seconds": 0}
    found = scrape(llmring_live(["metrics", "registry"], metrics={"token": TOKEN}, registry=registry).client())
    assert found.value("llmring_registry_age_seconds") is None
    assert found.value("llmring_registry_models") == 0


def test_a_server_of_its_own_is_one_worker(client):
    assert scrape(client).value("llmring_workers") == 1


def test_two_applications_in_one_process_count_for_themselves(serve):
    one, two = serve("aliases"), serve()
    for _ in range(4):
        one.client().get("/health/live")
    two.client().get("/health/live")
    assert [scrape(server.client()).sum(REQUESTS) for server in (one, two)] == [4, 1]


def test_the_description_names_the_route_and_its_answers(client):
    described = client.get("/openapi.json").json()["paths"]["/metrics"]["get"]
    assert {"200", "401", "403"} <= set(described["responses"])
    assert described["responses"]["200"]["content"] == {"text/plain": {"schema": {"type": "string"}}}


def test_text_that_is_scraped_is_read_back_without_loss(client):
    text = client.get("/metrics", headers=BEARER).text
    assert Scrape(text).families["llmring_http_requests"].type == "counter"
    assert Scrape(text).families[SECONDS].type == "histogram"
