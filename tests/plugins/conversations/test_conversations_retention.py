"""Retention of conversations: hourly in the server, and from the command line."""

import pytest

from llmring_conversations.retention import ConversationMaintenance
from llmring_conversations.settings import ConversationSettings
from llmring_server.cli.retention import CHUNK_ROWS
from llmring_server.database.checks.clock import WrongClock

API = "/api/v1/conversations"


@pytest.fixture
def age(server):
    """Return a function that makes a conversation older by a number of days."""

    def change(conversation, days):
        server.run(
            server.server.database.execute(
                "UPDATE conversations SET updated_at = updated_at - make_interval(days => %s) WHERE id = %s",
                [days, conversation],
            )
        )

    return change


@pytest.fixture
def retention(llmring_cli):
    """Return a function that runs the command next to the running server."""

    def run(*arguments, **environment):
        return llmring_cli(
            "conversations", "retention", *arguments, LLMRING_PLUGINS="usage,conversations", **environment
        )

    return run


def test_retention_drops_old_conversations_and_not_the_usage(server, client, converse, age, retention):
    old, new = converse(client)["conversation_id"], converse(client)["conversation_id"]
    age(old, 31)
    done = retention("--days", "30")
    assert done.returncode == 0, done.stderr
    assert "dropping 1 conversations with 2 messages" in done.stdout
    assert [row["id"] for row in client.get(API).json()] == [new]
    assert len(server.rows("SELECT * FROM conversation_messages")) == 2
    assert len(client.get("/api/v1/logs").json()) == 2


def test_a_dry_run_drops_nothing(client, converse, age, retention):
    age(converse(client)["conversation_id"], 31)
    done = retention("--dry-run", LLMRING_CONVERSATIONS_RETENTION_DAYS="30")
    assert "would drop 1 conversations with 2 messages" in done.stdout
    assert len(client.get(API).json()) == 1


def test_without_days_the_command_names_the_variable_to_set(retention, server):
    done = retention()
    assert done.returncode == 1
    assert "LLMRING_CONVERSATIONS_RETENTION_DAYS" in done.stderr


def test_nothing_to_drop_is_reported(retention, server):
    assert "nothing is older than 30 days" in retention("--days", "30").stdout


def test_a_new_message_protects_its_conversation(client, create, age, retention):
    made = create(client)["id"]
    age(made, 31)
    client.post(f"{API}/{made}/messages", json={"role": "user", "content": "still here"})
    retention("--days", "30")
    assert len(client.get(API).json()) == 1


def test_the_maintenance_of_a_server_drops_old_conversations(llmring_live):
    server = llmring_live(["conversations"], conversations={"retention_days": 30})
    client = server.client()
    client.post(API, json={"title": "old"})
    server.run(server.server.database.execute("UPDATE conversations SET updated_at = updated_at - interval '31 days'"))
    server.run(server.server.service(ConversationMaintenance).run_once())
    assert client.get(API).json() == []


def test_any_number_of_conversations_over_several_projects_is_dropped(server, retention):
    server.run(
        server.server.database.execute(
            """INSERT INTO conversations (project_id, id, message_count, total_tokens, created_at, updated_at)
            SELECT 'prj_' || n %% 3, gen_random_uuid(), 0, 0, now() - interval '99 days', now() - interval '99 days'
            FROM generate_series(1, %s) n""",
            [CHUNK_ROWS * 2 + 1],
        )
    )
    assert retention("--days", "30").returncode == 0
    assert server.rows("SELECT * FROM conversations") == []


@pytest.mark.own_server
def test_claims_that_are_never_taken_expire(server, client, converse):
    converse(client)
    server.run(server.server.service(ConversationMaintenance).run_once())
    assert len(server.rows("SELECT * FROM conversation_claims")) == 1
    server.run(
        server.server.database.execute("UPDATE conversation_claims SET created_at = created_at - interval '73 hours'")
    )
    server.run(server.server.service(ConversationMaintenance).run_once())
    assert server.rows("SELECT * FROM conversation_claims") == []


def test_with_a_wrong_clock_nothing_is_dropped(server, client, converse, age, shift_clock):
    age(converse(client)["conversation_id"], 31)
    maintenance = ConversationMaintenance(server.server.database, ConversationSettings(retention_days=30))
    shift_clock(6)
    with pytest.raises(WrongClock):
        server.run(maintenance.run_once())
    assert len(client.get(API).json()) == 1
    shift_clock(0)
    server.run(maintenance.run_once())
    assert client.get(API).json() == []
