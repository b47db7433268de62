"""Rate limits over HTTP: exact bursts, refill, headers, and independent buckets."""

import math
import threading
import time
from datetime import UTC, datetime

import httpx
import pytest

from llmring_keys.issuer import KeyIssuer
from llmring_keys.models import KeyTerms, Project
from llmring_keys.store import KeyStore
from llmring_server.errors import StartupError
from llmring_server.testing import eventually

ROUNDING = 0.01  # of a request
OFF = dict.fromkeys(("ingest", "read", "admin", "public"), "off")
CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100}


@pytest.fixture(params=["process", "redis"])
def limited(request, llmring_live, patient_redis):
    """Give a function that starts a server with these limits and no others, in the process and in Redis."""
    shared = {"redis_url": request.getfixturevalue("llmring_redis").url} if request.param == "redis" else {}

    def start(plugins=("ratelimit", "usage"), **limits):
        return llmring_live(list(plugins), ratelimit=OFF | limits, **shared)

    return start


def statuses(client, times, path="/api/v1/stats"):
    return [client.get(path).status_code for _ in range(times)]


def test_a_burst_passes_and_not_one_request_more(limited):
    client = limited(read="1/h burst 7").client()
    assert statuses(client, 10) == [200] * 7 + [429] * 3


def test_without_a_burst_of_its_own_it_is_one_units(limited):
    client = limited(read="5/h").client()
    assert statuses(client, 7) == [200] * 5 + [429] * 2


def test_a_bucket_refills_at_its_rate(limited):
    client = limited(read="10/s burst 5").client()
    began = time.monotonic()
    asked = []
    while time.monotonic() - began < 2:
        sent = time.monotonic()
        passed = client.get("/api/v1/stats").status_code == 200
        asked.append((sent, time.monotonic(), passed))
    assert_fits_a_bucket(asked, rate=10, burst=5)


def assert_fits_a_bucket(asked, rate, burst):
    """Hold every decision against what the bucket held, which a slow machine widens to a range and nothing else.

    A bucket holds the least of what it would hold if it had been full at any earlier request: `(sent, answered,
    passed)`, in seconds.
    """
    count, least, most = 0, math.inf, math.inf
    for sent, answered, passed in asked:
        least = min(least, burst + count - rate * answered)
        most = min(most, burst + count - rate * sent)
        assert passed or least + rate * sent - count < 1 + ROUNDING, "refused although there was one"
        assert not passed or most + rate * answered - count >= 1 - ROUNDING, "passed although there was none"
        count += passed


def test_a_bucket_under_constant_requests_still_refills(limited):
    client = limited(read="120/m burst 1").client()
    assert statuses(client, 2) == [200, 429]
    began = time.monotonic()
    eventually(lambda: client.get("/api/v1/stats").status_code == 200, 5)
    assert 0.3 < time.monotonic() - began < 1.5


def test_many_requests_at_once_share_one_bucket(limited):
    server = limited(read="1/h burst 50")
    found = []

    def ask():
        with httpx.Client(base_url=server.url, headers={"X-API-Key": "one"}, timeout=10) as client:
            found.extend(statuses(client, 20))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(200) == 50
    assert found.count(429) == 70


def test_429_has_the_client_the_limit_and_the_wait(limited):
    client = limited(read="60/h burst 1").client()
    client.get("/api/v1/stats")
    answer = client.get("/api/v1/stats")
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "60"
    assert answer.headers["ratelimit-policy"] == '"read";q=1;w=60'
    assert answer.headers["ratelimit"] == '"read";r=0;t=60'
    problem = answer.json()
    assert (problem["status"], problem["title"]) == (429, "Too Many Requests")
    assert (
        problem["detail"]
        == "This key has reached its limit of 60 requests per hour for the class 'read'. Try again in 60 s."
    )
    assert problem["request_id"]


def test_every_limited_response_has_the_remaining_tokens(limited):
    client = limited(read="3600/h burst 10").client()
    answers = [client.get("/api/v1/stats"), client.get("/api/v1/stats?tz=nowhere"), client.get("/api/v1/stats")]
    assert [answer.status_code for answer in answers] == [200, 422, 200]
    assert [answer.headers["ratelimit"] for answer in answers] == [f'"read";r={10 - n};t={n}' for n in (1, 2, 3)]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"read";q=10;w=10'}


def test_an_unlimited_response_has_no_headers(limited):
    answer = limited().client().get("/api/v1/stats")
    assert not [name for name in answer.headers if name.startswith("ratelimit")]


def test_each_key_has_a_bucket_of_its_own(limited):
    server = limited(read="2/h")
    for key in ("one", "two"):
        assert statuses(server.client(key), 3) == [200, 200, 429]


def test_each_class_has_a_bucket_of_its_own(limited):
    client = limited(read="1/h", ingest="2/h").client()
    assert statuses(client, 2) == [200, 429]
    assert [client.post("/api/v1/log", json=CALL).status_code for _ in range(3)] == [200, 200, 429]


def test_writing_aliases_and_reading_them_are_two_classes(limited):
    client = limited(["ratelimit", "aliases"], admin="1/h").client()
    binding = {"alias": "a", "model": "m:n"}
    assert [client.post("/api/v1/aliases/bind", json=binding).status_code for _ in range(2)] == [200, 429]
    assert statuses(client, 2, "/api/v1/aliases") == [200, 200]


def test_public_routes_are_limited_by_address_whatever_the_key(limited):
    server = limited(public="3/h")
    found = [server.client(key).get("/openapi.json").status_code for key in (None, "a", "b", "c")]
    assert found == [200, 200, 200, 429]
    answer = server.client(None).get("/openapi.json")
    assert answer.json()["detail"].startswith("This address has reached its limit of 3 requests per hour")


def test_the_address_is_the_one_that_a_trusted_proxy_names(limited):
    server = limited(public="1/h")
    found = [
        server.client(None, **{"X-Forwarded-For": address}).get("/openapi.json").status_code
        for address in ("203.0.113.1", "203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")
    ]
    assert found == [200, 429, 200, 200, 429, 200]


def test_health_probes_and_preflights_are_never_limited(limited):
    client = limited(public="1/h", read="1/h").client()
    for path in ("/health", "/health/live", "/health/ready"):
        assert statuses(client, 3, path) == [200] * 3
    assert [client.options("/api/v1/stats").status_code for _ in range(3)] == [200] * 3


def test_a_managed_key_is_counted_by_its_id_and_not_by_its_project(limited):
    server = limited(["keys", "ratelimit", "usage"], read="2/h")
    issuer = KeyIssuer(KeyStore(server.server.database, server.server.notifications), b"", server.server.events)
    terms = KeyTerms(scopes=frozenset({"read"}))
    first = server.run(issuer.create(Project("prj_one", "one", datetime.now(UTC)), terms))
    second = server.run(issuer.create("prj_one", terms))
    for key in (first.key, second.key):
        assert statuses(server.client(key), 3) == [200, 200, 429]


def test_a_key_without_the_scope_costs_nothing(limited):
    server = limited(read="1/h")
    assert statuses(server.client(None), 3) == [401] * 3
    assert statuses(server.client(), 2) == [200, 429]


def test_scripts_of_allowed_origins_may_read_the_headers(limited):
    answer = limited(read="5/h").client().get("/api/v1/stats", headers={"Origin": "http://localhost:5173"})
    exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {"ratelimit", "ratelimit-policy", "retry-after"} <= exposed


@pytest.mark.parametrize("written", ["fast", "0/s", "10", "10/w", "10/s burst 0", "-1/s", "1e3/s", "10/s burst"])
def test_an_invalid_limit_stops_the_start(llmring_live, written):
    with pytest.raises(StartupError, match=r"LLMRING_RATELIMIT_READ.*a limit such as 600/m"):
        llmring_live(["ratelimit"], ratelimit={"read": written})
