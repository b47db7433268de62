"""The wheel: its content, and that it serves from an empty environment without the checkout."""

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

import environment_kit
from llmring_server.bundled import migration_ids
from llmring_server.testing.process import clean_environment, free_port

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parents[2]
PLUGINS = (
    "llmring_aliases",
    "llmring_conversations",
    "llmring_dashboard",
    "llmring_keys",
    "llmring_metrics",
    "llmring_projects",
    "llmring_ratelimit",
    "llmring_receipts",
    "llmring_registry",
    "llmring_transparency",
    "llmring_usage",
)
START_SECONDS = 60
INSTALL_SECONDS = 300


def build(kind: str, source: Path, folder: Path) -> Path:
    """Build the `wheel` or `sdist` of `source` into `folder`, without network, and return it."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


def files_of(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", CHECKOUT, tmp_path_factory.mktemp("wheel"))


class Installation:
    """A virtual environment outside the checkout with only the wheel installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "venv" / "bin"
        self.elsewhere = folder / "elsewhere"
        self.elsewhere.mkdir()
        self.python = environment_kit.create(folder / "venv")

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        inherited = {name: value for name, value in clean_environment({}).items() if not name.startswith("PYTHON")}
        return {**inherited, "LLMRING_DATA_DIR": str(self.folder / "data"), **given}

    def run(self, command: str, *arguments: str, **environment: str) -> str:
        """Run a command of the environment outside the checkout, and return its output."""
        done = subprocess.run(
            [str(self.bin / command), *arguments],
            cwd=self.elsewhere,
            env=self.environment(environment),
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
        )
        assert done.returncode == 0, f"{command} {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def installation(wheel: Path) -> Iterator[Installation]:
    """The wheel with the extra `embedded`, and its dependencies in our pinned versions."""
    # The bundled PostgreSQL runs as the user pgserver when we are root, so that user must be able to enter the folder.
    folder = Path(tempfile.mkdtemp(prefix="llmring-wheel-"))
    folder.chmod(0o755)
    try:
        installation = Installation(folder)
        pins = folder / "pins.txt"
        pins.write_text(without_hashes((CHECKOUT / "requirements/runtime.txt").read_text()))
        environment_kit.install(installation.python, "-c", pins, f"{wheel}[embedded]")
        yield installation
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def without_hashes(requirements: str) -> str:
    """Return the pins without hashes, since pip would require the hash of our own wheel too."""
    return re.sub(r" \\\n +--hash=\S+", "", requirements)


def migrations(*features: str) -> set[str]:
    """Return the ids of these features' migrations in the checkout."""
    return {id_ for feature in features for id_ in migration_ids(CHECKOUT / "migrations" / feature, feature)}


def test_the_wheel_contains_conf_and_migrations_besides_the_code(wheel: Path) -> None:
    files = files_of(wheel)
    expected = {
        f"llmring_server/{path.relative_to(CHECKOUT).as_posix()}"
        for folder in ("conf", "migrations")
        for path in (CHECKOUT / folder).rglob("*")
        if path.suffix in {".toml", ".sql", ".py"}
    }
    assert "llmring_server/conf/default.toml" in expected
    assert expected <= files
    assert "llmring_server/py.typed" in files
    assert {f"{plugin}/__init__.py" for plugin in PLUGINS} <= files
    pages = {"llmring_dashboard/templates/base.html", "llmring_dashboard/templates/aliases/list.html"}
    assert pages | {"llmring_dashboard/static/dashboard.css"} <= files


def test_the_wheel_contains_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in files_of(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"llmring_server", *PLUGINS}


def test_two_builds_are_equal_byte_for_byte(wheel: Path, tmp_path: Path) -> None:
    assert build("wheel", CHECKOUT, tmp_path).read_bytes() == wheel.read_bytes()


def test_the_source_distribution_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(build("sdist", CHECKOUT, tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (source,) = (tmp_path / "unpacked").iterdir()
    assert files_of(build("wheel", source, tmp_path / "wheel")) == files_of(wheel)


def test_the_installed_server_is_not_the_checkout_and_is_complete(installation: Installation) -> None:
    imported = "; ".join(f"import {name}; print({name}.__file__)" for name in ("llmring_server", *PLUGINS))
    for path in installation.run("python", "-c", imported).split():
        assert Path(path).is_relative_to(installation.folder / "venv")
    check = [sys.executable, "-m", "pip", "--python", installation.python, "check"]
    assert "No broken requirements" in subprocess.run(check, capture_output=True, text=True).stdout


@pytest.mark.parametrize("conf", ["default", "minimal", "registry-only", "team"])
def test_a_conf_is_found_by_its_name(installation: Installation, conf: str) -> None:
    listed = installation.run("llmring-server", "plugins", LLMRING_CONF=conf)
    assert "enabled" in listed
    assert "Usage:" in installation.run("llmring-server", "--help", LLMRING_CONF=conf)


def test_uvicorn_serves_the_default_conf_from_the_wheel(installation: Installation) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    log = installation.folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [str(installation.bin / "uvicorn"), "llmring_server.asgi:app", "--port", str(port)],
            cwd=installation.elsewhere,
            env=installation.environment({}),
            stdout=output,
            stderr=output,
        )
    try:
        health = wait_for(f"{url}/health", server, log)
        assert (health["status"], health["database"]) == ("healthy", "connected")
        status = installation.run("llmring-server", "migrate", "--status").splitlines()
        assert {line.split()[0] for line in status} == {"applied"}
        enabled = migrations("core", "aliases", "dashboard", "projects", "receipts", "registry", "usage")
        assert {line.split()[2] for line in status} == enabled
    finally:
        server.terminate()
        server.wait(START_SECONDS)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    """Return the response of `url` once the server is up."""
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            answer: dict[str, str] = httpx.get(url, timeout=2).raise_for_status().json()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return answer
    raise AssertionError(f"the server is not up:\n{log.read_text()}")
