"""The test kit: its imports, and the servers that tests share."""

import subprocess
import sys

import httpx
import pytest

from llmring_server.testing.shared import MAX_SERVERS, SharedServers

IMPORTED = "import sys, llmring_server.pytest_plugin; print(*sorted(name for name in sys.modules))"


def test_pytest_imports_nothing_of_the_server_before_a_fixture_is_used():
    done = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True, timeout=60)
    packages = {name.partition(".")[0] for name in done.stdout.split()}
    assert "pytest" in packages
    assert not packages & {"falcon", "httpx", "psycopg", "pydantic", "redis", "uvicorn", "yoyo"}


def test_equal_plugins_and_settings_share_a_server(llmring_shared):
    first = llmring_shared(["aliases"], aliases={"heartbeat_seconds": 1.0}, cache_ttl=5)
    assert llmring_shared(["aliases"], cache_ttl=5, aliases={"heartbeat_seconds": 1.0}).url == first.url
    assert llmring_shared(["aliases"], cache_ttl=6, aliases={"heartbeat_seconds": 1.0}).url != first.url
    assert llmring_shared(["aliases", "usage"]).url != first.url


def test_each_test_has_its_own_projects_on_a_shared_server(llmring_servers):
    ids = []
    for _ in range(2):
        with llmring_servers.lend_servers() as lend:
            server = lend(["usage"])
            assert server.project_id("one") != server.project_id("two")
            assert lend(["usage"]).project_id("one") == server.project_id("one")
            sent = server.client("one").post("/api/v1/log", json={"provider": "p", "model": "m", "cost": 1})
            assert sent.status_code == 200, sent.text
            assert server.client("one").get("/api/v1/stats").json()["summary"]["total_requests"] == 1
            ids.append(server.project_id("one"))
    assert len(set(ids)) == 2


def test_few_servers_stay_between_tests_and_none_at_the_end(llmring_postgres):
    urls = []
    with SharedServers(llmring_postgres) as servers:
        for ttl in range(1, MAX_SERVERS + 2):
            with servers.lend_servers() as lend:
                urls.append(lend([], cache_ttl=ttl).client().get("/health/live").url)
        with servers.lend_servers() as lend:
            first, last = lend([], cache_ttl=1), lend([], cache_ttl=MAX_SERVERS + 1)
            assert last.client().get("/health/live").url == urls[-1]
            assert first.client().get("/health/live").is_success
    with pytest.raises(httpx.ConnectError):
        httpx.get(urls[-1])
