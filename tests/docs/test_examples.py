"""The examples of the quickstart and of the guides for applications run as printed, against a real server."""

import asyncio
import shutil
import subprocess
import time

import httpx
import msgspec
import pytest
from docs_kit import blocks

ADDRESS = "localhost:8000"
SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"


@pytest.fixture
def server(llmring_live, small_registry):
    return llmring_live(
        ["registry", "aliases", "usage", "receipts"],
        registry={"base_url": small_registry.as_uri() + "/"},
        receipts={"private_key_b64": SEED},
    )


def run(block, server):
    """Return what each curl of a block prints, as JSON."""
    if missing := [tool for tool in ("bash", "curl") if not shutil.which(tool)]:
        pytest.skip(f"install {', '.join(missing)} to run the quickstart")
    script = block.replace(ADDRESS, server.url.removeprefix("http://")).replace("curl -s", "echo; curl -fsS")
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [msgspec.json.decode(line) for line in done.stdout.splitlines() if line]


def test_the_quickstart_runs_as_printed(server):
    log, aliases, stats, receipt = blocks("docs/tutorial/quickstart.md", "sh")
    logged, resolved = map(msgspec.json.decode, blocks("docs/tutorial/quickstart.md", "json"))
    assert server.client("demo").get("/registry").status_code == 200
    (answer,) = run(log, server)
    changing = {"log_id": answer["log_id"], "timestamp": answer["timestamp"]}
    assert answer == logged | changing
    assert run(aliases, server)[1] == resolved
    (found,) = run(stats, server)
    assert (found["summary"]["total_requests"], found["summary"]["total_cost"]) == (1, logged["cost"])
    (signed,) = run(receipt, server)
    assert server.client("demo").get(f"/api/v1/receipts/{signed['id']}").json() == signed


@pytest.fixture
def log_call(server):
    """Give the guide's function, after its example has run."""
    (example,) = blocks("docs/how-to/log-calls.md", "python")
    names = {}
    exec(example.replace(f"http://{ADDRESS}", server.url), names)
    yield names["log_call"]
    names["client"].close()


def test_the_guide_s_example_logs_a_call(server, log_call):
    (call,) = server.client("demo").get("/api/v1/logs").json()
    assert (call["model"], call["input_tokens"]) == ("gpt-5-mini", 9500)


def test_the_guide_s_function_retries_under_one_key(log_call, monkeypatch):
    away = httpx.Response(503, headers={"Retry-After": "7"})
    answers = [httpx.ConnectError("down"), away, httpx.Response(200, json={})]
    keys, waits = [], []

    def answer(request):
        keys.append(request.headers["Idempotency-Key"])
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(time, "sleep", waits.append)
    with httpx.Client(base_url="http://server.test", transport=httpx.MockTransport(answer)) as client:
        assert log_call(client, {}) == {}
    assert (len(keys), len(set(keys)), waits) == (3, 1, [1, 7])


def test_the_guide_s_function_does_not_retry_a_refusal(log_call):
    refusing = httpx.MockTransport(lambda _: httpx.Response(422))
    with (
        httpx.Client(base_url="http://server.test", transport=refusing) as client,
        pytest.raises(httpx.HTTPStatusError),
    ):
        log_call(client, {})


def test_the_example_of_the_client_follows_changes(server):
    (example,) = blocks("docs/how-to/share-aliases.md", "python")
    imports, _, body = example.partition("\n\n")
    lines = ["async def follow(key, print):", *(f"    {line}" for line in body.splitlines())]
    names = {}
    exec(f"{imports}\n" + "\n".join(lines).replace(f"http://{ADDRESS}", server.url), names)

    async def watched():
        seen = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(names["follow"]("demo", lambda *found: seen.done() or seen.set_result(found)))
        async with httpx.AsyncClient(base_url=server.url, headers={"X-Project-Key": "demo"}) as client:
            for number in range(200):
                body = {"alias": "fast", "model": f"openai:gpt-{number}"}
                (await client.post("/api/v1/aliases/bind", json=body)).raise_for_status()
                await asyncio.wait([seen], timeout=0.05)
                if seen.done():
                    break
        task.cancel()
        return seen.result()

    alias, model = asyncio.run(watched())
    assert (alias, model.startswith("openai:gpt-")) == ("fast", True)
