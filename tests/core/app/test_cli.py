"""`llmring-server` as a command."""

import httpx
import pytest

from llmring_server import __version__


def test_a_start_that_fails_is_one_line_and_status_1(llmring_cli):
    done = llmring_cli("config", LLMRING_PLUGINS="aliasses")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "llmring-server: plugin 'aliasses' is not installed; available: aliases, conversations, dashboard, keys, "
        "metrics, projects, ratelimit, receipts, registry, transparency, usage; did you mean 'aliases'?\n"
    )


def test_debug_shows_the_traceback(llmring_cli):
    done = llmring_cli("--debug", "config", LLMRING_PLUGINS="aliasses")
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert "StartupError: plugin 'aliasses' is not installed" in done.stderr


@pytest.mark.parametrize("command", ["serve", "migrate", "plugins", "config", "openapi"])
def test_every_command_reports_an_invalid_setting_on_one_line(llmring_cli, command):
    done = llmring_cli(command, LLMRING_CACHE_TTL="never")
    assert done.returncode == 1
    assert done.stderr.startswith("llmring-server: setting 'cache_ttl' (LLMRING_CACHE_TTL): ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_an_unreachable_database_is_reported_without_a_traceback(llmring_cli, command):
    done = llmring_cli(command, LLMRING_PLUGINS="", LLMRING_DATABASE_URL="postgresql://unknown:hidden@127.0.0.1:1/none")
    assert done.returncode == 1
    assert "the database cannot be reached for its migrations: " in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr


def test_help_works_when_a_plugin_is_missing(llmring_cli):
    done = llmring_cli("--help", LLMRING_PLUGINS="aliasses")
    assert done.returncode == 0
    assert "serve" in done.stdout
    assert "plugin 'aliasses' is not installed" in done.stderr


def test_the_version_is_the_distributions(llmring_cli):
    assert llmring_cli("--version").stdout == f"llmring-server, version {__version__}\n"


def test_plugins_lists_enabled_and_available_plugins(llmring_cli):
    lines = [line.split() for line in llmring_cli("plugins", LLMRING_PLUGINS="aliases").stdout.splitlines()]
    assert ["enabled", "aliases", "llmring-server", __version__] in lines
    assert any("llmring_routes," in line or "llmring_routes" in line for line in lines)
    assert ["available", "usage", "llmring-server", __version__] in lines


def test_an_unknown_command_is_reported(llmring_cli):
    done = llmring_cli("srve", LLMRING_PLUGINS="")
    assert done.returncode == 2
    assert "No such command 'srve'" in done.stderr


def test_several_workers_serve_one_database(llmring_process):
    server = llmring_process("--workers", "2", LLMRING_PLUGINS="aliases").wait_until_up()
    headers = {"X-Project-Key": "k"}
    body = {"alias": "a", "model": "m:n"}
    assert httpx.post(f"{server.url}/api/v1/aliases/bind", json=body, headers=headers).status_code == 200
    for _ in range(6):
        found = httpx.get(f"{server.url}/api/v1/aliases/resolve?alias=a", headers=headers)
        assert found.json()["model"] == "m:n"
    assert server.stop() in (0, -15)
