"""`llmring-server plugins`: a new plugin from the templates, the list as JSON; changes of the conf file's list."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from llmring_server.app import create_app
from llmring_server.cli.plugins import write_plugin
from llmring_server.errors import StartupError
from llmring_server.plugin_api import API_VERSION
from llmring_server.plugins.api_version import find_requirement_fault
from llmring_server.plugins.manager import GROUP, Plugin
from llmring_server.plugins.settings_model import change_names
from llmring_server.settings import Settings
from llmring_server.testing.process import clean_environment

ROOT = Path(__file__).parents[3]


@pytest.fixture
def new_plugin(tmp_path):
    """Return the folder of a new plugin `city-weather`, with the files that an installation adds."""
    folder = tmp_path / "llmring-city-weather"
    write_plugin("city-weather", folder)
    info = folder / "llmring_city_weather-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: llmring-city-weather\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\ncity-weather = llmring_city_weather\n")
    return folder


def ran(folder, *command, **environment):
    """Run a module of Python in the folder, which is on its path, and return its output."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=clean_environment({"PYTHONPATH": str(folder), **environment}),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tests_of_a_new_plugin_pass(new_plugin, llmring_postgres):
    options = ("-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:schemathesis")
    out = ran(new_plugin, "pytest", *options, "tests", LLMRING_TEST_DATABASE_URL=llmring_postgres)
    assert "3 passed" in out


def test_a_new_plugin_is_listed_with_what_it_adds(new_plugin, llmring_cli):
    done = llmring_cli("plugins", "list", "--json", LLMRING_PLUGINS="city-weather", PYTHONPATH=str(new_plugin))
    assert json.loads(done.stdout) == {
        "api": API_VERSION,
        "plugins": [
            {
                "name": "city-weather",
                "distribution": "llmring-city-weather",
                "version": "0.1.0",
                "requires": "api>=1,<2",
                "hooks": [
                    "llmring_migrations",
                    "llmring_routes",
                    "llmring_services",
                    "llmring_settings",
                    "llmring_usage_recorded",
                ],
                "routes": [{"path": "/api/v1/city-weather", "methods": ["GET"]}],
                "tables": ["city_weather_calls"],
                "services": ["CallStore"],
                "settings": ["LLMRING_CITY_WEATHER_UNIT"],
            }
        ],
    }


@pytest.mark.slow
@pytest.mark.parametrize("example", ["new", "example"])
def test_a_plugin_passes_a_strict_type_check(new_plugin, example):
    folder, package = (new_plugin, "llmring_city_weather") if example == "new" else (EXAMPLE, "llmring_example")
    cache = new_plugin / "cache"
    assert "Success" in ran(folder, "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", "-p", package)


EXAMPLE = ROOT / "tests" / "example_plugin"


def test_new_writes_the_package_and_does_not_replace_one(llmring_cli, tmp_path):
    done = llmring_cli("plugins", "new", "weather", "--into", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "llmring-weather/llmring_weather/migrations/weather-0001-create.sql").is_file()
    assert "pip install --editable" in done.stdout
    again = llmring_cli("plugins", "new", "weather", "--into", str(tmp_path))
    assert (again.returncode, again.stderr) == (
        1,
        f"llmring-server: {tmp_path}/llmring-weather exists; choose another name or --into\n",
    )


@pytest.mark.parametrize("name", ["Weather", "my_plugin", "2nd", "class", "a--b"])
def test_new_rejects_a_name_that_is_not_one(llmring_cli, tmp_path, name):
    done = llmring_cli("plugins", "new", name, "--into", str(tmp_path))
    assert done.returncode == 2
    assert "is not lower-case letters, digits and single hyphens" in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_new_rejects_the_name_of_an_installed_plugin(llmring_cli, tmp_path):
    done = llmring_cli("plugins", "new", "usage", "--into", str(tmp_path))
    assert done.stderr == "llmring-server: a plugin 'usage' is already installed; choose another name\n"


@pytest.mark.parametrize("requires", ["api>=1,<2", "api == 1.0", "api>=1.0", "api!=2", "api<=1"])
def test_a_matching_version_of_the_api_is_accepted(requires):
    assert find_requirement_fault(requires, "1.0") is None


@pytest.mark.parametrize("requires", ["api>=2", "api<1", "api>1.0", "api>=1.1,<2"])
def test_another_version_of_the_api_stops_the_start(requires):
    class Later:
        pass

    Later.requires = requires
    with pytest.raises(StartupError) as caught:
        create_app(Settings(plugins=[]), [Plugin("later", Later())])
    assert str(caught.value) == (
        f"plugin 'later' (distribution given in code): it requires {requires}, but this server has version "
        f"{API_VERSION} of the plugin API; install another version"
    )


@pytest.mark.parametrize("requires", ["1", "llmring>=1", "api>=one", ("api>=1",), None])
def test_a_requirement_that_is_none_is_explained(requires):
    assert find_requirement_fault(requires) == f'requires = {requires!r} is not understood; write it as "api>=1,<2"'


def test_a_variable_changes_the_list_of_the_conf_file(llmring_cli, tmp_path):
    conf = tmp_path / "own.toml"
    conf.write_text('plugins = ["aliases", "usage"]\n')
    done = llmring_cli("config", LLMRING_CONF=str(conf), LLMRING_PLUGINS="+metrics,-usage,+aliases")
    assert json.loads(done.stdout)["plugins"] == ["aliases", "metrics"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (["+a", "b"], "'b' has no sign; give a list, or only changes such as +budgets,-receipts"),
        (["-c"], "'c' is not in the list to change: a, b"),
    ],
)
def test_a_change_that_is_none_is_explained(changes, reason):
    with pytest.raises(ValueError, match=reason.replace("+", r"\+")):
        change_names(["a", "b"], changes)
