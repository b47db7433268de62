"""`llmring-server keys …`, as an operator runs it."""

import json
import re

import pytest
from keys_kit import CALL, status

from llmring_server.http.middleware.authentication import project_id
from llmring_server.testing import eventually

PLUGINS = {"LLMRING_PLUGINS": "keys,usage"}


@pytest.fixture
def run(llmring_cli):
    """Return a function that runs `llmring-server keys …` successfully, and returns the finished process."""

    def command(*arguments, **environment):
        done = llmring_cli("keys", *arguments, **PLUGINS, **environment)
        assert done.returncode == 0, done.stderr
        return done

    return command


@pytest.fixture
def fails(llmring_cli):
    """Return a function that runs `llmring-server keys …`, which must fail, and returns its error message."""

    def command(*arguments, **environment):
        done = llmring_cli("keys", *arguments, **PLUGINS, **environment)
        assert done.returncode != 0
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        return done.stderr

    return command


def test_the_first_key_is_created_on_the_command_line(server, run):
    made = run("create", "--new-project", "billing", "--scope", "admin", "--scope", "read", "--name", "ops")
    assert re.fullmatch(r"llmr_[a-z2-7]{52}\n", made.stdout)
    assert "not shown again" in made.stderr
    eventually(lambda: status(server, made.stdout.strip(), "/api/v1/keys") == 200)
    assert "billing" in run("projects").stdout


def test_a_second_key_can_be_created_for_a_project(server, run):
    first = json.loads(run("create", "--new-project", "p", "--scope", "ingest", "--json").stdout)
    second = json.loads(
        run("create", "--project", first["project_id"], "--scope", "read", "--expires", "90d", "--json").stdout
    )
    assert second["project_id"] == first["project_id"]
    assert second["expires_at"]
    logged = server.client(first["key"]).post("/api/v1/log", json=CALL).json()["log_id"]
    assert server.client(second["key"]).get("/api/v1/logs").json()[0]["id"] == logged


def test_the_list_shows_the_state_of_each_key_and_no_secret(run):
    made = [json.loads(run("create", "--new-project", name, "--scope", "read", "--json").stdout) for name in "abc"]
    run("rotate", made[0]["key_id"])
    run("revoke", made[1]["key_id"])
    shown = run("list").stdout
    states = {line.split()[0]: line.split()[2] for line in shown.splitlines()[1:]}
    assert [states[key["key_id"]] for key in made] == ["rotated", "revoked", "active"]
    assert len(states) == 4
    assert not any(key["key"] in shown for key in made)
    only = json.loads(run("list", "--project", made[2]["project_id"], "--json").stdout)
    assert [key["key_id"] for key in only] == [made[2]["key_id"]]


def test_control_characters_in_names_do_not_reach_the_terminal(admin, run):
    admin.post("/api/v1/keys", json={"scopes": ["read"], "name": "\x1b[2Jgone\r\nforged"}).raise_for_status()
    assert "?[2Jgone??forged" in run("list").stdout


def test_rotate_and_revoke_reach_a_running_server(server, run):
    old = json.loads(run("create", "--new-project", "p", "--scope", "read", "--json").stdout)
    assert status(server, old["key"]) == 200
    new = run("rotate", old["key_id"], "--grace", "0").stdout.strip()
    eventually(lambda: status(server, old["key"]) == 401, 1)
    assert status(server, new) == 200
    new_id = json.loads(run("list", "--json").stdout)[-1]["key_id"]
    run("revoke", new_id)
    eventually(lambda: status(server, new) == 401, 1)


def test_adopt_reads_the_key_from_stdin(server, run):
    done = run("adopt", stdin="our-old-key-of-2025\n")
    assert done.stdout == ""
    assert project_id("our-old-key-of-2025", b"") in done.stderr
    eventually(lambda: status(server, "our-old-key-of-2025", "/api/v1/keys") == 200)


def test_adopt_reads_the_key_from_the_environment(server, run):
    project = json.loads(run("create", "--new-project", "p", "--scope", "read", "--json").stdout)["project_id"]
    done = run("adopt", "--project", project, "--json", LLMRING_ADOPT_KEY="our-old-key-of-2025")
    assert json.loads(done.stdout)["project_id"] == project
    assert json.loads(done.stdout)["scopes"] == ["ingest", "read"]
    assert status(server, "our-old-key-of-2025", "/api/v1/keys") == 403


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create", "--scope", "read"], "Give either --project or --new-project"),
        (["create", "--new-project", "p"], "Give at least one --scope"),
        (["create", "--new-project", "p", "--scope", "write"], "'write' is not one of"),
        (["create", "--new-project", "p", "--scope", "read", "--expires", "2020-01-01"], "a time in the future"),
        (["create", "--new-project", "p", "--scope", "read", "--expires", "soon"], "a duration (90d), a date"),
        (["create", "--project", "prj_none", "--scope", "read"], "There is no project 'prj_none'"),
        (["rotate", "key_none"], "There is no key 'key_none'"),
        (["rotate", "key_none", "--grace", "1w"], "a duration such as"),
        (["revoke", "key_none"], "There is no key 'key_none'"),
        (["adopt"], "The key is empty"),
    ],
)
def test_a_failing_command_gives_the_reason(fails, arguments, message):
    assert message in fails(*arguments)


def test_a_key_with_whitespace_is_refused_and_not_printed(fails):
    message = fails("adopt", stdin="two words\n")
    assert "whitespace" in message
    assert "two words" not in message
