"""`pip install llmring==1.4.0` against a live server: command line, logging service, decorators and sessions."""

import csv
import io
import json
from decimal import Decimal

import pytest
from client_kit import KEY

CALL = {
    "provider": "openai",
    "model": "gpt-5-mini",
    "alias": "quick",
    "origin": "tests",
    "input_tokens": 1000,
    "output_tokens": 50,
    "cost": 0.1,
    "timestamp": "2026-01-02T03:04:05Z",
}


@pytest.fixture
def server(llmring_live, small_registry):
    """A server with every feature that the client calls, and the prices of the small registry."""
    for models in (small_registry / "openai").rglob("models.json"):
        name_each_model(models)
    running = llmring_live(["registry", "usage", "conversations"], registry={"base_url": small_registry.as_uri() + "/"})
    assert running.client().get("/registry").status_code == 200
    return running


@pytest.fixture
def client(server):
    """An HTTP client of the same project as the published client."""
    return server.client(KEY)


def name_each_model(models):
    """Set the display name of each model in a file; the client ignores models without one."""
    document = json.loads(models.read_text())
    for key, model in document["models"].items():
        model["display_name"] = key
    models.write_text(json.dumps(document))


def exact(response):
    """Return the JSON of a response with exact numbers."""
    return json.loads(response.text, parse_float=Decimal)


def test_init_writes_the_configuration_and_status_accepts_it(llmring, server, home):
    done = llmring("server", "init", "--server", server.url)
    assert done.returncode == 0, done.stdout
    assert "Server responded: status=healthy, version=" in done.stdout
    written = dict(
        line.removeprefix("export ").split("=", 1)
        for line in (home / ".env.llmring").read_text().splitlines()
        if line.startswith("export ")
    )
    assert written["LLMRING_SERVER_URL"] == server.url
    done = llmring("server", "status", **written)
    assert done.returncode == 0, done.stdout
    assert "status=healthy database=connected" in done.stdout
    assert "API key accepted by usage endpoint." in done.stdout


def test_logs_are_listed_and_written_as_csv(llmring, server, client):
    client.post("/api/v1/log", json=CALL)
    done = llmring("server", "logs", server=server)
    assert done.stdout.splitlines()[2:] == ["2026-01-02T03:04:05Z :: tests :: quick 1000→50 $0.1000"]
    done = llmring("server", "logs", "--output", "csv", server=server)
    assert list(csv.DictReader(io.StringIO(done.stdout))) == [
        {
            "logged_at": "2026-01-02T03:04:05Z",
            "provider": "openai",
            "model": "gpt-5-mini",
            "alias": "quick",
            "profile": "default",
            "origin": "tests",
            "input_tokens": "1000",
            "output_tokens": "50",
            "cost": "0.1",
        }
    ]


def test_stats_are_printed_as_json(llmring, server, client):
    for _ in range(3):
        client.post("/api/v1/log", json=CALL)
    done = llmring("server", "stats", "--json", server=server)
    assert json.loads(done.stdout, parse_float=Decimal) == exact(client.get("/api/v1/stats"))
    assert json.loads(done.stdout, parse_float=Decimal)["summary"]["total_cost"] == Decimal("0.3")


def test_stats_are_printed_for_a_deployment_with_the_rows_format(llmring, llmring_live):
    server = llmring_live(["usage"], usage={"stats_format": "rows"})
    server.client(KEY).post("/api/v1/log", json=CALL)
    done = llmring("server", "stats", server=server)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[2:] == ["2026-01-02: 1 calls, 1050 tokens, cost $0.1000"]


def test_conversations_are_listed_and_shown(llmring, server, client):
    assert "No conversations found." in llmring("server", "conversations", server=server).stdout
    made = client.post("/api/v1/conversations", json={"title": "Trip", "model_alias": "quick"}).json()
    client.post(f"/api/v1/conversations/{made['id']}/messages", json={"role": "user", "content": "¿Qué?"})
    client.post(f"/api/v1/conversations/{made['id']}/messages", json={"role": "tool", "input_tokens": 3})
    done = llmring("server", "conversations", server=server)
    assert f"{made['id']} :: Trip model=quick updated=" in done.stdout
    done = llmring("server", "conversations", "--conversation-id", made["id"], "--messages", server=server)
    assert done.returncode == 0, done.stderr
    assert "title      : Trip" in done.stdout
    assert "[user] ¿Qué? (in=None out=None)" in done.stdout
    assert "[tool] (no content) (in=3 out=None)" in done.stdout


@pytest.mark.parametrize("mode", ["usage", "conversations"])
def test_the_logging_service_bills_each_call_once(drive, server, client, mode):
    printed = drive("drive_logging.py", mode, server=server)
    logs = client.get("/api/v1/logs").json()[::-1]
    assert [log["cost"] for log in logs] == printed["costs"]
    assert all(printed["costs"])
    assert [(log["input_tokens"], log["output_tokens"], log["cached_input_tokens"]) for log in logs] == [
        (9500, 150, 8000),
        (3_000_000_000, 1, 0),
        (9500, 150, 8000),
    ]
    assert {(log["provider"], log["model"], log["alias"], log["origin"]) for log in logs} == {
        ("openai", "gpt-5-mini", "quick", "driver")
    }
    assert client.get("/api/v1/stats").json()["summary"]["total_requests"] == 3
    conversations = client.get("/api/v1/conversations").json()[::-1]
    assert [found["id"] for found in conversations] == [found for found in printed["ids"] if found]
    assert len(conversations) == (3 if mode == "conversations" else 0)
    for log, conversation, content in zip(logs, conversations, ("text", "parts", "text"), strict=False):
        assert (conversation["log_id"], log["id_at_origin"]) == (log["id"], conversation["id"])
        asked, said = client.get(f"/conversations/{conversation['id']}").json()["messages"]
        assert (asked["role"], asked["content"]) == ("user", printed[content])
        assert (said["role"], said["content"]) == ("assistant", "echo: " + printed["text"])
        assert (said["input_tokens"], said["output_tokens"]) == (log["input_tokens"], log["output_tokens"])


def test_decorators_log_each_call_once_with_or_without_its_text(drive, server, client):
    printed = drive("drive_decorators.py", server=server)
    logs = {log["origin"]: log for log in client.get("/api/v1/logs").json()}
    assert {
        origin: (log["provider"], log["model"], log["input_tokens"], log["output_tokens"], log["cached_input_tokens"])
        for origin, log in logs.items()
    } == {
        "usage only": ("openai", "gpt-5-mini", 120, 30, 20),
        "with text": ("openai", "gpt-5-mini", 120, 30, 20),
        "anthropic": ("anthropic", "claude-sonnet-4-5", 1500, 150, 8000),
        "streamed": ("openai", "gpt-5-mini", 120, 30, 20),
    }
    assert {log["cost_source"] for log in logs.values()} == {"registry"}
    assert client.get("/api/v1/stats").json()["summary"]["total_requests"] == 4
    conversations = {found["origin"]: found for found in client.get("/api/v1/conversations").json()}
    texts = {
        origin: [said["content"] for said in client.get(f"/api/v1/conversations/{found['id']}/messages").json()]
        for origin, found in conversations.items()
    }
    sent = [message["content"] for message in printed["messages"]]
    assert texts == {
        "with text": [*sent, "recorded"],
        "anthropic": ["Bonjour?", "Bonjour"],
        "streamed": [*sent, "streamed"],
    }


def test_sessions_create_list_and_load_conversations(drive, server, client):
    printed = drive("drive_session.py", server=server)
    text, reply = printed["text"], "echo: " + printed["text"]
    assert printed["replies"] == [reply] * 2
    assert [found["id"] for found in printed["listed"]] == [printed["made"], printed["empty"]]
    assert [found["id"] for found in printed["page"]] == [printed["conversation"]]
    history = printed["history"]
    assert (history["id"], history["title"], history["system_prompt"]) == (printed["conversation"], text, "Be brief.")
    assert (history["model_alias"], history["message_count"], history["total_tokens"]) == ("quick", 8, 88)
    assert len(history["messages"]) == 3
    assert printed["loaded"] is True
    asked = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]
    said = {"role": "assistant", "content": reply}
    assert printed["messages"] == [*asked, said, *asked, said, asked[1], said]
    logs = client.get("/api/v1/logs").json()
    assert [(log["id_at_origin"], log["input_tokens"], log["origin"]) for log in logs] == [
        (printed["conversation"], 40, "session")
    ] * 2
    ((message, role, content, metadata, said_at),) = printed["read"]
    assert (message, role, content, metadata) == (printed["message"], "user", text, {"tool": "x"})
    assert said_at.endswith("+00:00")
