"""`/openapi.json` of every conf, checked by schemathesis: statuses, media types, headers and schemas.

Generated examples are sent to the conf with the most features, which has every operation of the others. With `--full`
they are sent to all confs, and boundary values of every schema to that one; LLMRING_TEST_EXAMPLES sets the number of
examples per operation, and adds boundary values for every conf.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from llmring_server.settings import read_conf

ROOT = Path(__file__).parents[3]
CONFS = sorted(path.stem for path in (ROOT / "conf").glob("*.toml"))
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CONFIG = Path(__file__).with_name("schemathesis.toml")
MORE = os.environ.get("LLMRING_TEST_EXAMPLES")
FULLEST = "team"
SECONDS = 1_200
SCOPES = ("admin", "read", "ingest")
ONE_KEY = r"/keys/\{key_id\}"  # its operations may revoke the key that is used


def pytest_generate_tests(metafunc):
    """Test every conf in a full run, otherwise the one with all operations."""
    if "conf" in metafunc.fixturenames:
        metafunc.parametrize("conf", CONFS if metafunc.config.getoption("full") else [FULLEST])


@pytest.fixture
def phases(request):
    """Return a function that returns the phases of schemathesis for a conf: examples, and in a full run boundaries."""
    full = request.config.getoption("full")
    return lambda conf: "coverage,fuzzing" if full and (MORE or conf == FULLEST) else "fuzzing"


CONFORMANCE = [f"{part}_conformance" for part in ("status_code", "content_type", "response_headers", "response_schema")]
UNLIMITED = dict.fromkeys(("ingest", "read", "admin", "public"), "off")
SPENT = dict.fromkeys(UNLIMITED, "1/d")


@pytest.fixture
def held(request, tmp_path):
    """Return a function that runs schemathesis on a server's OpenAPI document, in a temporary folder."""
    examples = "3" if request.config.getoption("full") else "1"

    def hold(server, key, *options):
        if "keys" not in server.server.plugins.names:  # any key names a project
            options = (*options, "--exclude-checks=ignored_auth")
        command = [
            SCHEMATHESIS, "--config-file", CONFIG, "run", f"{server.url}/openapi.json",
            "--header", f"X-Project-Key: {key}", "--max-examples", MORE or examples, "--no-color", *options,
        ]  # fmt: skip
        found = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, cwd=tmp_path)
        assert found.returncode == 0, found.stdout + found.stderr

    return hold


@pytest.fixture
def serve(llmring_live, small_registry):
    """Return a function that serves a conf; keywords are plugins' tables."""

    def start(conf, **tables):
        given = read_conf(ROOT / "conf" / f"{conf}.toml")
        plugins = given.pop("plugins")
        own = {"registry": {"base_url": small_registry.as_uri()}, "aliases": {"heartbeat_seconds": 0.2}, **tables}
        own["receipts"] = {"private_key_b64": "A" * 43}
        return llmring_live(plugins, **given | {name: table for name, table in own.items() if name in plugins})

    return start


@pytest.fixture
def key_of(llmring_cli):
    """Return a function that returns a key for a server: a managed one with the plugin keys, otherwise any text."""

    def make(server, *scopes):
        if "keys" not in server.server.plugins.names:
            return "a-project"
        given = [f"--scope={scope}" for scope in scopes]
        made = llmring_cli("keys", "create", "--new-project=held", *given, "--json", LLMRING_PLUGINS="keys")
        return json.loads(made.stdout)["key"]

    return make


@pytest.mark.slow
def test_every_response_is_as_described(held, serve, key_of, phases, conf):
    server = serve(conf, ratelimit=UNLIMITED)
    held(server, key_of(server, *SCOPES), f"--phases={phases(conf)}", f"--exclude-path-regex={ONE_KEY}")


def test_the_fullest_conf_has_every_operation_of_the_others(serve):
    described = {conf: serve(conf).client(None).get("/openapi.json").json()["paths"] for conf in CONFS}
    for conf in CONFS:
        assert described[conf].keys() <= described[FULLEST].keys()


def test_every_response_about_one_key_is_as_described(held, serve, key_of, phases):
    server = serve(FULLEST, ratelimit=UNLIMITED)
    held(server, key_of(server, *SCOPES), f"--phases={phases(FULLEST)}", f"--include-path-regex={ONE_KEY}")


def test_every_refusal_of_a_key_without_the_scope_is_as_described(held, serve, key_of):
    server = serve("team", ratelimit=UNLIMITED)
    key = key_of(server, "ingest")
    assert server.client(key).get("/api/v1/stats").status_code == 403
    held(server, key, "--phases=fuzzing", "--mode=positive")


def test_every_response_without_a_key_is_as_described(held, serve):
    server = serve("team", ratelimit=UNLIMITED)
    assert server.client("unknown").get("/api/v1/stats").status_code == 401
    held(server, "unknown", "--phases=fuzzing", "--mode=positive")


def test_every_response_above_the_rate_limit_is_as_described(held, serve, key_of):
    server = serve("team", ratelimit=SPENT)
    key = key_of(server, *SCOPES)
    held(server, key, "--phases=fuzzing", "--mode=positive")
    assert server.client(key).get("/api/v1/stats").status_code == 429


@pytest.mark.slow
def test_every_response_without_the_database_is_as_described(held, serve, key_of, conf):
    server = serve(conf, ratelimit=UNLIMITED)
    key = key_of(server, *SCOPES)
    server.client(key).get("/health")
    server.run(server.server.database.close())
    assert server.client(key).get("/health").status_code == 503
    held(server, key, "--phases=fuzzing", "--mode=positive", "--checks=" + ",".join(CONFORMANCE))
