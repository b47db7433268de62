"""`/metrics` of a server with several worker processes: the same from each, and equal to the database."""

import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import msgspec
import psycopg
import pytest
from metrics_kit import BEARER, TOKEN, Scrape
from psycopg import sql

from llmring_server.http.middleware.authentication import project_id
from llmring_server.testing import eventually
from llmring_server.testing.process import free_port

BY = ("project", "provider", "model")
ENTRIES = "llmring_usage_entries_total"
REQUESTS = "llmring_http_requests_total"
SUMS = """
    SELECT project_id, provider, model, count(*), sum(input_tokens), sum(output_tokens), coalesce(sum(cost), 0),
        count(*) FILTER (WHERE cost IS NULL)
    FROM usage_logs GROUP BY 1, 2, 3
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def serve(llmring_process, tmp_path):
    """Start a server of several workers, whose temporary folder is the test's own."""

    def start(workers=2, **environment):
        given = {"LLMRING_PLUGINS": "metrics,usage", "LLMRING_METRICS_TOKEN": TOKEN, "TMPDIR": str(tmp_path / "tmp")}
        (tmp_path / "tmp").mkdir(exist_ok=True)
        server = llmring_process("--workers", str(workers), **{**given, **environment}).wait_until_up()
        eventually(lambda: scrape(server).value("llmring_workers") == workers, 30)
        return server

    return start


@pytest.fixture
def folders(tmp_path):
    """Return the folders of metrics in the temporary folder, by name."""
    return lambda: sorted(path.name for path in (tmp_path / "tmp").glob("llmring-metrics-*"))


def scrape(server):
    answer = httpx.get(f"{server.url}/metrics", headers=BEARER)
    assert answer.status_code == 200, answer.text
    return Scrape(answer.text)


def entry(number, chance):
    """Return one entry of the known run; some have no cost, none of the costs is a float's."""
    cost = chance.choice([None, Decimal(chance.randrange(1, 10**9)) / 10**10, Decimal("0.1")])
    return {
        "provider": chance.choice(["openai", "anthropic"]),
        "model": f"model-{number % 7}",
        "input_tokens": chance.randrange(10**6),
        "output_tokens": chance.randrange(10**4),
        "cost": cost,
        "idempotency_key": f"call-{number}",
    }


def post(client, path, key, body):
    content = msgspec.json.Encoder(decimal_format="number").encode(body)
    answer = client.post(path, content=content, headers={"X-Project-Key": key, "Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text


def run(server, seed):
    """Log singly, in batches, and some of it twice, over a connection that any worker may have taken."""
    chance = random.Random(seed)
    with httpx.Client(base_url=server.url, timeout=30) as client:
        for number in range(30):
            key = f"key-{chance.randrange(3)}"
            single = entry(seed * 1_000 + number, chance)
            for _ in range(chance.choice([1, 1, 2])):
                post(client, "/api/v1/log", key, single)
        batch = [entry(seed * 1_000 + 500 + number, chance) for number in range(40)]
        for _ in range(2):
            post(client, "/api/v1/log/batch", "key-batch", batch)


def log_each(server, calls):
    """Log calls of one project over a connection that any worker may have taken."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        for call in calls:
            post(client, "/api/v1/log", "key", {"provider": "p", "cost": 1, **call})


def stored(database, query):
    """Return the rows of a statement, read directly from the database."""
    with psycopg.connect(database["database_url"]) as connection:
        connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(database["database_schema"])))
        return connection.execute(query).fetchall()


def test_the_figures_of_usage_equal_the_databases_own_sums(serve, llmring_database, tmp_path):
    server = serve(4, LLMRING_METRICS_FOLDER=str(tmp_path))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda seed: run(server, seed), range(8)))
    rows = stored(llmring_database, SUMS)
    assert sum(row[3] for row in rows) == 8 * (30 + 40)

    def equal():
        found = scrape(server)
        tokens = found.by("llmring_usage_tokens_total", *BY, "kind")
        unpriced = found.by("llmring_usage_unpriced_entries_total", *BY)
        return {
            (*names, count, tokens[*names, "input"], tokens[*names, "output"], cost, unpriced.get(names, 0))
            for names, count, cost in (
                (names, count, found.by("llmring_usage_cost_usd_total", *BY)[names])
                for names, count in found.by(ENTRIES, *BY).items()
            )
        } == {(*row[:6], float(row[6]), row[7]) for row in rows}

    eventually(equal)
    shown = [path.read_bytes() for path in tmp_path.glob("workers/*.json")]
    assert sum(b"model-" in snapshot for snapshot in shown) > 1, "one worker alone has recorded it all"


def test_requests_are_counted_whichever_worker_answers(serve):
    server = serve()
    before = scrape(server).by(REQUESTS, "route").get(("/",), 0)
    for _ in range(20):
        httpx.get(f"{server.url}/")
    eventually(lambda: scrape(server).by(REQUESTS, "route")["/",] == before + 20)


def test_all_workers_agree_on_which_combinations_have_their_own_series(serve, llmring_database):
    server = serve(LLMRING_METRICS_LABEL_SETS="5")
    calls = [{"model": f"model-{number}"} for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: log_each(server, calls), range(6)))
    found = eventually(lambda: (s := scrape(server)).sum(ENTRIES) == 72 and s)
    by_model = found.by(ENTRIES, "model")
    assert len(by_model) == 6
    assert by_model.pop(("other",)) == 7 * 6
    assert set(by_model.values()) == {6}
    assert found.by(ENTRIES, "project").keys() == {(project_id("key", b""),), ("other",)}


def test_a_worker_that_is_killed_takes_no_count_with_it_and_another_takes_its_place(serve, tmp_path):
    server = serve(LLMRING_METRICS_FOLDER=str(tmp_path))
    for _ in range(8):
        log_each(server, [{"model": "m"}] * 5)
    eventually(lambda: scrape(server).sum(ENTRIES) == 40)
    first = {path.stem for path in tmp_path.glob("workers/*.alive")}
    os.kill(int(min(first).partition("-")[0]), signal.SIGKILL)

    def replaced():
        now = {path.stem for path in tmp_path.glob("workers/*.alive")}
        found = scrape(server)
        assert found.sum(ENTRIES) == 40
        return found.value("llmring_workers") == len(now) == 2 and len(now - first) == 1

    eventually(lambda: _answers(replaced), 60)
    log_each(server, [{"model": "m"}])
    eventually(lambda: scrape(server).sum(ENTRIES) == 41)


def test_counts_of_a_stopped_worker_are_not_lost(serve, tmp_path):
    server = serve(LLMRING_METRICS_FOLDER=str(tmp_path))
    first = {path.stem for path in tmp_path.glob("workers/*.alive")}
    for _ in range(8):
        log_each(server, [{"model": "m"}] * 5)
    os.kill(int(min(first).partition("-")[0]), signal.SIGTERM)
    eventually(lambda: not (tmp_path / "workers" / f"{min(first)}.alive").exists(), 30)
    eventually(lambda: _answers(lambda: scrape(server).sum(ENTRIES) == 40))


def _answers(condition):
    """Return the result of a condition, or False if its connection belonged to a killed worker."""
    try:
        return condition()
    except httpx.TransportError:
        return False


def test_the_workers_directory_is_private_and_removed_at_the_end(serve, folders, tmp_path):
    server = serve()
    (folder,) = folders()
    assert (tmp_path / "tmp" / folder).stat().st_mode & 0o777 == 0o700
    assert server.stop() == 0
    assert folders() == []


def test_what_a_killed_server_left_is_removed_by_the_next(serve, folders):
    killed = serve()
    (left,) = folders()
    killed.kill()
    assert folders() == [left]
    serve()
    (mine,) = folders()
    assert mine != left


def test_a_server_with_one_worker_makes_no_folder(llmring_process, tmp_path):
    (tmp_path / "tmp").mkdir()
    server = llmring_process(
        LLMRING_PLUGINS="metrics", LLMRING_METRICS_TOKEN=TOKEN, TMPDIR=str(tmp_path / "tmp")
    ).wait_until_up()
    assert scrape(server).value("llmring_workers") == 1
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_folder_that_cannot_be_made_stops_the_start(llmring_process, tmp_path):
    (tmp_path / "file").write_text("in the way")
    server = llmring_process(LLMRING_PLUGINS="metrics", LLMRING_METRICS_FOLDER=str(tmp_path / "file"), port=free_port())
    assert server.wait() != 0
    assert "the workers cannot share their metrics" in server.output()
