"""Retention of the history: what is dropped, what remains, and that no client of it is misled."""

import asyncio

import pytest
from aliases_kit import PATH, bind, list_aliases, models, replace, stream_events

from llmring_aliases.tables.retention import drop_expired_history
from llmring_server.cli.retention import CHUNK_ROWS
from llmring_server.client import LLMRingServer, Ready
from llmring_server.database.checks.clock import WrongClock
from llmring_server.testing import eventually


@pytest.fixture
def age(server):
    """Return a function that makes the changes up to a number older by a number of days."""

    def change(upto, days):
        server.run(
            server.server.database.execute(
                "UPDATE alias_history SET changed_at = changed_at - make_interval(days => %s) WHERE seq <= %s",
                [days, upto],
            )
        )

    return change


@pytest.fixture
def retention(llmring_cli):
    """Return a function that runs the command next to the running server, and returns its output."""

    def run(*arguments, **environment):
        done = llmring_cli("aliases", "retention", *arguments, LLMRING_PLUGINS="aliases", **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def numbers(client, **query):
    """Return the numbers of the changes in the history, newest first."""
    return [entry["seq"] for entry in client.get(f"{PATH}/history", params=query).json()]


def test_older_changes_are_dropped_and_newer_ones_remain(client, age, retention):
    for n in range(6):
        bind(client, "fast", f"openai:m{n}")
    age(4, 31)
    assert retention("--days", "30").startswith("dropping 4 changes, older than 20")
    assert numbers(client) == [6, 5]
    bind(client, "fast", "openai:new")
    assert numbers(client) == [7, 6, 5]


def test_the_latest_change_of_each_alias_remains(client, age, retention):
    bind(client, "fast", "openai:old")
    bind(client, "fast", "openai:now")
    bind(client, "slow")
    bind(client, "gone")
    client.delete(f"{PATH}/gone")
    bind(client, "other")
    age(6, 31)
    retention("--days", "30")
    assert numbers(client) == [6, 3, 2]
    assert models(client)["fast"] == "openai:now"


def test_the_etag_of_a_list_survives_the_history(client, age, retention):
    bind(client, "fast", profile="prod")
    client.delete(f"{PATH}/fast?profile=prod")
    bind(client, "fast")
    empty, full = (list_aliases(client, profile).headers["etag"] for profile in ("prod", "default"))
    age(3, 31)
    retention("--days", "30")
    assert numbers(client) == [3, 2]
    assert [list_aliases(client, profile).headers["etag"] for profile in ("prod", "default")] == [empty, full]
    assert replace(client, {"fast": "openai:b"}, **{"If-Match": full}).status_code == 200
    assert replace(client, {"fast": "openai:b"}, "prod", **{"If-Match": empty}).status_code == 200


@pytest.mark.parametrize("profile", [None, "default", "prod"])
def test_a_client_that_resumes_before_a_dropped_change_gets_ready(client, age, retention, profile):
    for n in range(6):
        bind(client, "fast", f"openai:m{n}")
    age(4, 31)
    retention("--days", "30")
    query = {"last_event_id": "3", **({"profile": profile} if profile else {})}
    with client.stream("GET", f"{PATH}/watch", params=query) as stream:
        events = stream_events(stream.iter_lines())
        ready = next(events)
        assert (ready["event"], ready["id"], ready["data"]) == ("ready", "6", {"version": 6})
        bind(client, "fast", "openai:next", **({"profile": profile} if profile else {}))
        assert next(events)["data"]["seq"] == 7


def test_a_client_that_resumes_after_the_dropped_changes_gets_every_change(client, age, retention):
    for n in range(6):
        bind(client, "fast", f"openai:m{n}")
    age(4, 31)
    retention("--days", "30")
    with client.stream("GET", f"{PATH}/watch", params={"last_event_id": "4"}) as stream:
        events = stream_events(stream.iter_lines())
        assert [next(events)["data"]["seq"] for _ in range(2)] == [5, 6]


def test_our_client_gets_ready_after_it_was_disconnected_for_too_long(server, client, age, retention):
    for n in range(3):
        bind(client, "fast", f"openai:m{n}")
    age(3, 31)
    retention("--days", "30")

    async def scene():
        async with LLMRingServer(server.url, "one") as mine:
            events = mine.aliases.watch(since=1)
            found = await asyncio.wait_for(anext(events), 10)
            await events.aclose()
            return found

    assert asyncio.run(scene()) == Ready(3)


def test_any_number_of_changes_over_several_projects_is_dropped(server, retention):
    server.run(
        server.server.database.execute(
            """INSERT INTO alias_history (project_id, seq, profile, alias, action, key_id, changed_at)
            SELECT 'prj_' || n %% 3, n / 3, 'default', 'a', 'unbind', 'key', now() - interval '99 days'
            FROM generate_series(3, %s) n""",
            [CHUNK_ROWS * 2 + 3],
        )
    )
    retention("--days", "30")
    left = server.rows("SELECT project_id, seq FROM alias_history ORDER BY project_id")
    assert [row["seq"] for row in left] == [(CHUNK_ROWS * 2 + 3) // 3] * 3


def test_a_dry_run_drops_nothing(client, age, retention):
    for n in range(3):
        bind(client, "fast", f"openai:m{n}")
    age(3, 31)
    assert retention("--dry-run", LLMRING_ALIASES_RETENTION_DAYS="30").startswith("would drop 2 changes, older than 20")
    assert numbers(client) == [3, 2, 1]


@pytest.mark.parametrize("given", [{}, {"LLMRING_ALIASES_RETENTION_DAYS": ""}])
def test_without_days_the_command_names_the_variable_to_set(llmring_cli, given):
    done = llmring_cli("aliases", "retention", LLMRING_PLUGINS="aliases", **given)
    assert done.returncode == 1
    assert "LLMRING_ALIASES_RETENTION_DAYS" in done.stderr


def test_a_running_server_drops_old_changes_automatically(llmring_live, client, age):
    for n in range(3):
        bind(client, "fast", f"openai:m{n}")
    age(3, 31)
    llmring_live(["aliases"], aliases={"retention_days": 30})
    eventually(lambda: numbers(client) == [3])


def test_with_a_wrong_clock_nothing_is_dropped(server, client, age, shift_clock):
    for n in range(3):
        bind(client, "fast", f"openai:m{n}")
    age(2, 31)
    shift_clock(6)
    with pytest.raises(WrongClock):
        server.run(drop_expired_history(server.server.database, 30))
    assert numbers(client) == [3, 2, 1]
    shift_clock(0)
    server.run(drop_expired_history(server.server.database, 30))
    assert numbers(client) == [3]
