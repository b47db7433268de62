"""The export is streamed in one snapshot, and holds a connection only meanwhile."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from year_kit import FIRST, ROWS

from llmring_server.testing import eventually


@pytest.fixture(scope="module")
def server(year):
    return year


def in_use(server):
    stats = server.server.database.pool.get_stats()
    return stats["pool_size"] - stats["pool_available"]


def test_an_export_is_streamed(server):
    with server.client().stream("GET", "/api/v1/logs/export?format=ndjson") as answer:
        chunks = answer.iter_bytes(1024)
        assert next(chunks).startswith(b'{"id":')
        assert in_use(server) == 1
        assert sum(chunk.count(b"\n") for chunk in chunks) >= ROWS
    eventually(lambda: in_use(server) == 0)


def test_a_client_that_leaves_in_the_middle_of_an_export_frees_its_connection(server):
    with server.client().stream("GET", "/api/v1/logs/export") as answer:
        next(answer.iter_bytes(1024))
        assert in_use(server) == 1
    eventually(lambda: in_use(server) == 0, seconds=30)


def test_stalled_readers_leave_connections_for_others(server):
    with ExitStack() as standing:
        client = server.client()
        exports = [standing.enter_context(client.stream("GET", "/api/v1/logs/export")) for _ in range(6)]
        assert [export.status_code for export in exports] == [200] * 2 + [503] * 4
        assert client.post("/api/v1/log", json={"provider": "p", "model": "m", "cost": 0}).status_code == 200
    eventually(lambda: in_use(server) == 0, seconds=30)


def test_a_head_request_for_the_export_leaves_no_connection_open(server):
    for _ in range(6):
        server.client().head("/api/v1/logs/export")
    eventually(lambda: in_use(server) == 0)


def test_an_export_is_one_snapshot(server):
    with server.client().stream("GET", "/api/v1/logs/export?format=ndjson&start_date=2025-12-01") as answer:
        lines = answer.iter_lines()
        first = next(lines)
        timestamp = (FIRST + timedelta(days=335)).isoformat()
        late = {"provider": "p", "model": "late", "input_tokens": 1, "timestamp": timestamp}
        assert server.client().post("/api/v1/log", json=late).status_code == 200
        assert not any('"late"' in line for line in [first, *lines])
