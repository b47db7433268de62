"""The event of changed aliases: what is announced, in which order, and what is not."""

import pytest

from llmring_server.testing import eventually, make_plugin


@pytest.fixture
def heard():
    return []


@pytest.fixture
def server(llmring_live, heard):
    async def llmring_alias_changed(server, entries):
        heard.extend(entries)

    return llmring_live(["aliases", make_plugin("listener", llmring_alias_changed=llmring_alias_changed)])


def bind(server, alias, model):
    body = {"alias": alias, "model": model}
    server.client().post("/api/v1/aliases/bind", json=body).raise_for_status()


def test_every_change_is_announced_in_order(server, heard):
    bind(server, "fast", "openai:gpt-5-mini")
    bind(server, "fast", "openai:gpt-5")
    server.client().delete("/api/v1/aliases/fast").raise_for_status()
    eventually(lambda: len(heard) == 3)
    assert [(one.number, one.previous_model, one.model) for one in heard] == [
        (1, None, "openai:gpt-5-mini"),
        (2, "openai:gpt-5-mini", "openai:gpt-5"),
        (3, "openai:gpt-5", None),
    ]
    assert {(one.project_id, one.profile, one.alias) for one in heard} == {(server.project_id(), "default", "fast")}


def test_a_repeated_binding_is_not_announced(server, heard):
    bind(server, "fast", "openai:gpt-5")
    bind(server, "fast", "openai:gpt-5")
    bind(server, "slow", "openai:gpt-5")
    eventually(lambda: len(heard) == 2)
    assert [one.alias for one in heard] == ["fast", "slow"]


def test_all_changes_of_a_bulk_update_are_announced(server, heard):
    bindings = [{"alias": f"a{n}", "model": "openai:gpt-5"} for n in range(5)]
    server.client().post("/api/v1/aliases/bulk_upsert", json=bindings).raise_for_status()
    eventually(lambda: len(heard) == 5)
    assert [(one.number, one.alias) for one in heard] == [(n + 1, f"a{n}") for n in range(5)]
