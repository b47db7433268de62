"""The bundled PostgreSQL dies while a server runs: it is started again, or the server's process ends."""

import contextlib

import httpx
import psutil
import pytest

from llmring_server.testing import eventually

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(open_folder):
    data = open_folder()
    yield data
    with contextlib.suppress(OSError, psutil.NoSuchProcess):
        kill(data)


@pytest.fixture
def serve(llmring_process, folder):
    """Start a server on a bundled PostgreSQL of this test."""

    def start(*options):
        process = llmring_process(
            *options, LLMRING_PLUGINS="aliases", LLMRING_DATABASE_URL="", LLMRING_DATA_DIR=str(folder)
        )
        return process.wait_until_up()

    return start


def kill(folder):
    """Kill every process of the bundled PostgreSQL at once, as a machine without memory does."""
    postmaster = psutil.Process(int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0]))
    processes = [postmaster, *postmaster.children()]
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended since, as its postmaster has
            process.kill()
    psutil.wait_procs(processes, 10)
    return postmaster.pid


def bind(process, model):
    body = {"alias": "fast", "model": model}
    return httpx.post(f"{process.url}/api/v1/aliases/bind", json=body, headers={"X-Project-Key": "one"}, timeout=10)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bundled_postgres_that_was_killed_is_started_again(serve, folder, workers):
    process = serve(*(["--workers", str(workers)] if workers > 1 else []))
    assert eventually(lambda: bind(process, "openai:a").is_success, 30)
    for model in ("openai:b", "openai:c"):
        kill(folder)
        assert eventually(lambda model=model: bind(process, model).is_success, 60)
    assert "the bundled PostgreSQL has died and is started again" in process.output()


def test_a_server_ends_when_its_bundled_postgres_does_not_start_any_more(serve, folder):
    process = serve()
    kill(folder)
    (folder / "postgres" / "global" / "pg_control").rename(folder / "pg_control")
    assert process.wait(180) != 0
    assert "the process ends" in process.output()
