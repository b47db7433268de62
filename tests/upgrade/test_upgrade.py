"""A database of an earlier commit, with every feature on, is opened by this one with all its data.

`59be777.sql` was dumped from a server of that commit; `59be777.json` has what it answered, and the secrets it had.
"""

import csv
import json
import uuid
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from psycopg.conninfo import make_conninfo

from llmring_receipts.__main__ import main
from llmring_server.errors import StartupError
from llmring_server.testing import eventually, live, make_settings
from llmring_usage.maintenance.automatic import LOCK

HERE = Path(__file__).parent
BEFORE = json.loads((HERE / "59be777.json").read_text())
ANSWERS = BEFORE["answers"]
GROWING = {"/api/v1/statements", "/tlog/checkpoint"}  # a month that ends meanwhile adds a statement, and a leaf
PLUGINS = [
    "registry", "aliases", "usage", "keys", "receipts", "transparency", "conversations", "ratelimit", "metrics",
    "projects", "dashboard",
]  # fmt: skip


@pytest.fixture(scope="module")
def upgraded(llmring_postgres, tmp_path_factory):
    """Serve a copy of the old deployment's database, in a database of its own.

    Calls that were unpriced are not priced again as long as the transaction beside the server lasts.
    """
    name = f"upgrade_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(llmring_postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        url = make_conninfo(llmring_postgres, dbname=name)
        try:
            with psycopg.connect(url, autocommit=True) as restored:
                restored.execute((HERE / "59be777.sql").read_bytes())
            settings = make_settings(
                {"database_url": url, "database_schema": "llmring", "database_pool_size": 4},
                key_pepper="upgrade",
                data_dir=tmp_path_factory.mktemp("upgrade"),
                registry={"base_url": (HERE.parent / "registry").as_uri() + "/"},
                receipts={"private_key_b64": "A" * 43, "auto": True},
                transparency={"key": BEFORE["log_key"]},
                conversations={"content": "full"},
            )
            with psycopg.connect(url, options="-c search_path=llmring") as pricing:
                assert pricing.execute(LOCK).fetchone() == (True,)
                with live(settings, PLUGINS) as running:
                    yield running, pricing
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def server(upgraded):
    return upgraded[0]


@pytest.fixture
def client(server):
    return server.client(BEFORE["key"])


def differences(before, now, place=""):
    """Return the places of what was there before and is another now; members may have been added."""
    if isinstance(before, dict) and isinstance(now, dict):
        gone = [f"{place}.{name}" for name in before if name not in now]
        return gone + [d for n in before if n in now for d in differences(before[n], now[n], f"{place}.{n}")]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        return [
            d for at, pair in enumerate(zip(before, now, strict=True)) for d in differences(*pair, f"{place}[{at}]")
        ]
    return [] if before == now else [f"{place}: {before!r} -> {now!r}"]


@pytest.mark.parametrize("path", [path for path in ANSWERS if path not in GROWING])
def test_what_was_answered_before_is_answered_now(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert differences(json.loads(ANSWERS[path]), answer.json()) == []


def test_the_statement_is_there_and_is_valid(client):
    (before,) = json.loads(ANSWERS["/api/v1/statements"])
    now = client.get("/api/v1/statements").json()
    assert before in now


def test_the_old_statement_verifies_with_the_columns_of_its_format(client, tmp_path):
    files = {"statement.json": "/api/v1/statements/1", "lines.csv": "/api/v1/statements/1/lines",
             "keys.json": "/receipts/public-keys.json"}  # fmt: skip
    for name, path in files.items():
        (tmp_path / name).write_bytes(client.get(path).raise_for_status().content)
    assert (tmp_path / "lines.csv").read_text().partition("\n")[0].strip().endswith(",registry_version,hash")
    options = ["--keys", str(tmp_path / "keys.json"), "--lines", str(tmp_path / "lines.csv"), "--recompute"]
    ran = CliRunner().invoke(main, ["statement", "verify", str(tmp_path / "statement.json"), *options])
    assert (ran.exit_code, "These are the 46 lines of the statement" in ran.output) == (0, True), ran.output


def test_the_log_continues(client):
    origin, size, root, *_ = ANSWERS["/tlog/checkpoint"].splitlines()
    now = client.get("/tlog/checkpoint").text.splitlines()
    assert now[0] == origin
    assert int(now[1]) >= int(size)
    assert int(now[1]) > int(size) or now[2] == root


def test_every_receipt_still_verifies(client):
    receipts = client.get("/api/v1/receipts/?limit=100").json()
    assert receipts
    for receipt in receipts:
        verdict = client.post("/api/v1/receipts/verify", json={"receipt": receipt}).json()
        assert verdict["valid"], verdict


def test_new_calls_add_up_with_the_old_ones(client):
    before = json.loads(ANSWERS["/api/v1/stats?start_date=2026-08-01&end_date=2026-12-31"])["summary"]
    call = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1, "output_tokens": 1, "cost": 1}
    assert client.post("/api/v1/log", json=call).status_code == 200
    now = client.get("/api/v1/stats?start_date=2026-08-01").json()["summary"]
    assert now["total_requests"] == before["total_requests"] + 1
    assert now["total_cost"] == pytest.approx(before["total_cost"] + 1)


def test_its_keys_stay_required(server):
    """The old version did not record that its database has managed keys."""
    serving = live(server.server.settings.model_copy(update={"tables": {}}), ["usage"])
    with pytest.raises(StartupError, match="plugin 'keys' is not enabled, but this database needs it"), serving:
        pytest.fail("it serves")


def test_its_log_is_missed(server, caplog):
    settings = server.server.settings.model_copy(update={"tables": {}, "retired_plugins": ("keys",)})
    with live(settings, ["usage"]):
        assert "plugin 'transparency' is not enabled, but this database needs it" in caplog.text


def test_stated_calls_are_corrected_only_where_their_cost_has_changed(client):
    client.post("/api/v1/log", json={"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1, "cost": 1})
    client.post("/api/v1/statements").raise_for_status()
    latest = client.get("/api/v1/statements").json()[0]
    assert latest["type"] == "llmring-statement/2"
    rows = csv.DictReader(client.get(f"/api/v1/statements/{latest['number']}/lines").text.splitlines())
    found = list(rows)
    assert any(row["kind"] == "call" for row in found)
    assert [row for row in found if row["kind"] == "correction" and row["amount"] == "0"] == []


def test_calls_that_were_unpriced_are_priced_by_the_new_sources(upgraded, client):
    before = client.get("/api/v1/stats?start_date=2026-08-01").json()["summary"]
    upgraded[1].rollback()

    def price():
        found = client.get("/api/v1/stats?start_date=2026-08-01").json()["summary"]
        return found if found["unpriced_requests"] < before["unpriced_requests"] else None

    now = eventually(price, seconds=30)
    assert now["total_requests"] == before["total_requests"]
    assert now["total_cost"] > before["total_cost"]
