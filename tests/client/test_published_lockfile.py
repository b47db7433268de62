"""The lockfile code of the published client, and our `aliases push` and `pull`, on one file."""

import pytest
from client_kit import KEY

POOL = ["openai:gpt-4o-mini", "google:gemini-flash"]


@pytest.fixture
def server(llmring_live):
    return llmring_live(["aliases"])


@pytest.mark.parametrize("name", ["llmring.lock", "llmring.lock.json"])
def test_a_lockfile_is_synchronized_from_the_client_to_the_server_and_back(server, drive, llmring_cli, home, name):
    path = home / name

    def ours(*arguments):
        done = llmring_cli(
            "aliases",
            *arguments,
            str(path),
            LLMRING_PLUGINS="aliases",
            LLMRING_SERVER_URL=server.url,
            LLMRING_API_KEY=KEY,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    written = drive("drive_lockfile.py", str(path), f"fast={','.join(POOL)}", "deep=anthropic:opus", server=server)
    assert written["default"] == {"fast": POOL, "deep": ["anthropic:opus"]}
    ours("push", "--yes")
    client = server.client(KEY)
    assert client.get("/api/v1/aliases/resolve?alias=fast").json()["model"] == ",".join(POOL)

    client.put("/api/v1/aliases/fast", json={"model": "openai:gpt-5"})
    client.put("/api/v1/aliases/new", json={"model": "google:pro", "metadata": {"constraints": {"max_tokens": 9}}})
    client.delete("/api/v1/aliases/deep")
    ours("pull", "--yes")
    read = drive("drive_lockfile.py", str(path), server=server)
    assert read["default"] == {"fast": ["openai:gpt-5"], "new": ["google:pro"]}
    assert {"prod", "staging", "dev"} < set(read)

    drive("drive_lockfile.py", str(path), "more=openai:gpt-5-mini", server=server)
    assert "+ more" in ours("push", "--yes")
    assert "no difference" in ours("diff")
