"""The example plugin as a separate package, in an environment with the built wheel."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

import environment_kit
from llmring_server.testing.process import clean_environment

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "tests" / "example_plugin"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="needs a checkout")]


def ran(*command, cwd, **environment):
    """Run a command and return its output and exit status."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean_environment(environment),
        capture_output=True,
        text=True,
        timeout=180,
    )


def wheel(source, folder):
    """Build the wheel of a package and return its path."""
    done = ran(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=source)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Return the folder of a new environment with the built wheel, the example's, and pytest."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("__pycache__", "dist"))
    server = wheel(ROOT, folder / "server")
    example = wheel(folder / "source", folder / "plugin")
    environment_kit.install(environment_kit.create(folder / "env"), f"{server}[embedded]", example, "pytest>=9")
    return folder


@pytest.fixture(scope="module")
def python(environment):
    return str(environment / "env/bin/python")


def test_the_installed_example_is_served_with_the_built_in_plugins(python, llmring_process):
    server = llmring_process(python=python, LLMRING_PLUGINS="aliases,example").wait_until_up()
    answer = httpx.get(f"{server.url}/api/v1/spending", headers={"X-Project-Key": "k"})
    assert (answer.status_code, answer.json()) == (200, {"calls": 0, "cost": 0, "limit": 100})
    assert answer.headers["x-spending-limit"] == "100"
    assert httpx.get(f"{server.url}/").json()["plugins"] == ["aliases", "example"]
    assert "/api/v1/spending" in httpx.get(f"{server.url}/openapi.json").json()["paths"]


def test_the_installed_examples_command_is_one_of_the_servers(environment, python, llmring_database):
    settings = {
        "LLMRING_PLUGINS": "aliases,example",
        "LLMRING_DATABASE_URL": llmring_database["database_url"],
        "LLMRING_DATABASE_SCHEMA": llmring_database["database_schema"],
    }
    command = environment / "env/bin/llmring-server"
    done = ran(command, "spending", "prj_none", cwd=environment, **settings)
    assert (done.stdout, done.returncode) == ("prj_none: 0 calls, 0 USD\n", 0), done.stderr
    assert "spending" in ran(command, "--help", cwd=environment, **settings).stdout
    listed = ran(command, "plugins", cwd=environment, **settings).stdout
    assert "llmring-example 1.0.0" in listed


def test_the_examples_own_tests_pass_where_it_is_installed(environment, python):
    # The worker's variables would make it share the bundled PostgreSQL of this run, in another environment's hands.
    kept = {name: "" for name in os.environ if name.startswith("PYTEST_")}
    options = ("-q", "-W", "error", "-p", "no:cacheprovider")
    done = ran(python, "-m", "pytest", *options, "tests", cwd=environment / "source", **kept)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
