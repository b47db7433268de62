"""The deployment's price file: used for all projects, read again when it changes, errors with line and field."""

import os
import time
from pathlib import Path

import pytest

from llmring_server.errors import StartupError
from llmring_server.testing import eventually
from llmring_usage.prices.own.price_file import PriceFileError, read_price_file

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1_000_000, "output_tokens": 0}

VALID = """
# our contract
[[prices]]
id = "mini"
provider = "openai"
model = "gpt-5-mini"
effective_from = 2026-01-01
rates = { input = "0.20", output = 1.6 }

[[prices]]
id = "google"
provider = "google"
model = "*"
match = "all"
discount = "0.22"
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "prices.toml"
    file.write_text(VALID)
    return file


def replace(path: Path, before: str, after: str) -> None:
    """Edit the file atomically, with a later time of change."""
    text = path.read_text()
    assert before in text
    edited = path.with_suffix(".new")
    edited.write_text(text.replace(before, after))
    edited.replace(path)
    os.utime(path, ns=(time.time_ns(), time.time_ns()))


def test_a_valid_file_is_read(path):
    mini, google = read_price_file(path)
    assert (mini.id, mini.rates, mini.effective_from.year) == ("mini", {"input": "0.20", "output": "1.6"}, 2026)
    assert (google.match, str(google.discount)) == ("all", "0.22")


BAD = [
    ('model = "gpt-5-mini"', 'model = "gpt-5-mini', "line 6"),
    ('input = "0.20"', 'input = "-0.20"', "line 8: input: Must not be negative."),
    ('input = "0.20"', 'inptu = "0.20"', "line 8: inptu: Unknown kind."),
    ('provider = "openai"', 'provder = "openai"', "line 5: provder: "),
    ('discount = "0.22"', 'discount = "1.22"', "line 15: discount: "),
    ('id = "google"', 'id = "mini"', "line 11: id: 'mini' has the same id"),
    ('id = "mini"', 'name = "mini"', "line 3: id: every price needs an id"),
    ("[[prices]]\nid = \"google\"", "[[price]]\nid = \"google\"", "line 10: price: "),
    ("effective_from = 2026-01-01", 'effective_from = "soon"', "line 7: effective_from: "),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "message"), BAD)
def test_an_error_names_the_line_and_the_field(path, before, after, message):
    replace(path, before, after)
    with pytest.raises(PriceFileError) as found:
        read_price_file(path)
    assert message in str(found.value)
    assert "\n" not in str(found.value)


def test_the_prices_hold_for_every_project(start_server, path, log):
    server = start_server(["usage"], usage={"prices_file": str(path)})
    assert log(server.client("one"), **CALL)["cost"] == 0.2
    found = log(server.client("two"), provider="google", model="gemini-2.5-pro", input_tokens=1000, output_tokens=0)
    assert found["cost"] == 0.000975


def test_a_projects_own_price_goes_before_the_file(start_server, path, log):
    client = start_server(["usage"], usage={"prices_file": str(path)}).client()
    price = {"provider": "openai", "model": "gpt-", "match": "prefix", "rates": {"input": "0.1"}}
    assert client.put("/api/v1/prices/overrides/own", json=price).status_code == 200
    assert log(client, **CALL)["cost"] == 0.1


@pytest.mark.own_server
def test_a_changed_file_is_read_again_and_a_wrong_one_changes_nothing(start_server, path, log, caplog):
    client = start_server(["usage"], usage={"prices_file": str(path)}).client()
    replace(path, '"0.20"', '"0.30"')
    eventually(lambda: log(client, **CALL)["cost"] == 0.3)
    replace(path, '"0.30"', '"-0.30"')
    eventually(lambda: "line 8: input: Must not be negative." in caplog.text)
    assert log(client, **CALL)["cost"] == 0.3
    replace(path, '"-0.30"', '"0.40"')
    eventually(lambda: log(client, **CALL)["cost"] == 0.4)


def test_a_wrong_file_stops_the_start(llmring_live, path):
    replace(path, '"0.20"', '"-0.20"')
    with pytest.raises(StartupError) as found:
        llmring_live(["usage"], usage={"prices_file": str(path)})
    assert "LLMRING_PRICES_FILE" in str(found.value)
    assert "line 8: input" in str(found.value)


def test_the_variable_has_no_name_of_a_plugin(llmring_cli, path):
    done = llmring_cli("prices", "explain", "openai:gpt-5-mini", LLMRING_PLUGINS="usage", LLMRING_PRICES_FILE=str(path))
    assert "> override:mini file " in done.stdout, done.stdout + done.stderr
