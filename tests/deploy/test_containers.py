"""Containerfile and compose.yaml: properties that the linters of `make check` do not check."""

import fnmatch
import re
import shlex
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONTAINERFILE = (ROOT / "Containerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
SECRET = re.compile(r"PASSWORD|PEPPER|SECRET|PRIVATE|TOKEN")
REQUIRED = re.compile(r"\$\{[A-Z_]+:\?[^}]+\}")

stages = [f"FROM {stage}" for stage in re.split(r"^FROM ", CONTAINERFILE, flags=re.MULTILINE)[1:]]


def instructions(name, text=CONTAINERFILE):
    """Return the arguments of each instruction of a name, with continued lines joined."""
    return re.findall(rf"^{name} (.*)$", text.replace("\\\n", " "), re.MULTILINE)


def test_the_image_runs_as_a_user_who_is_not_root():
    assert int(instructions("USER", stages[-1])[-1]) > 0


def test_the_image_checks_its_health_and_stores_its_data_in_a_volume():
    assert "/health/live" in instructions("HEALTHCHECK", stages[-1])[0]
    (volume,) = instructions("VOLUME", stages[-1])
    assert f"LLMRING_DATA_DIR={volume}" in instructions("ENV", stages[-1])[0].split()


def test_everything_installed_is_pinned_by_hash_or_just_built():
    installs = re.findall(r"pip [^&]*?\binstall\b([^&;]*)", stages[0].replace("\\\n", " "))
    assert installs
    assert all("--require-hashes" in options or "--no-index" in options for options in installs)


@pytest.mark.parametrize("source", [source for line in instructions("COPY", stages[0]) for source in line.split()[:-1]])
def test_copied_files_exist_and_are_in_the_build_context(source):
    assert (ROOT / source).exists()
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert any(fnmatch.fnmatch(source, pattern) for pattern in kept)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined_and_restarts(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"


def test_the_server_has_no_capability_and_waits_for_its_dependencies():
    server = SERVICES["server"]
    assert server["cap_drop"] == ["ALL"]
    assert server["depends_on"] == {name: {"condition": "service_healthy"} for name in ("postgres", "redis")}


def test_only_the_server_is_published_and_only_on_the_loopback_interface():
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"server"}
    assert SERVICES["server"]["ports"] == ["${LISTEN_ADDRESS:-127.0.0.1:8000}:8000"]


def test_persistent_data_is_in_volumes():
    kept = {mount.partition(":")[0] for service in SERVICES.values() for mount in service.get("volumes", ())}
    assert kept == set(COMPOSE["volumes"])
    assert SERVICES["postgres"]["volumes"]


def test_no_secret_is_in_the_file():
    given = {
        f"{service}.{name}": value
        for service, definition in SERVICES.items()
        for name, value in definition.get("environment", {}).items()
    }
    secrets = {name: value for name, value in given.items() if SECRET.search(name)}
    assert secrets
    assert all(REQUIRED.fullmatch(value) for value in secrets.values()), secrets
    assert not any(re.search(r"://[^/@]*:[^/@]*@", value) for value in given.values()), "a password in an address"
    assert ".env" in (ROOT / ".gitignore").read_text().split()


def test_the_health_checks_call_existing_endpoints():
    (live,) = re.findall(r"127\.0\.0\.1:8000(/[\w/]+)", instructions("HEALTHCHECK", stages[-1])[0])
    (ready,) = re.findall(r"127\.0\.0\.1:8000(/[\w/]+)", shlex.join(SERVICES["server"]["healthcheck"]["test"]))
    assert (live, ready) == ("/health/live", "/health/ready")
