"""The alias service for other features: the aliases of the HTTP endpoints, with the same checks and history."""

import json
from contextlib import contextmanager

import pytest
from aliases_kit import PATH, bind, models, resolve

from llmring_server.contracts.aliases import AliasBook
from llmring_server.http.errors import Problem

KEY = "key_of_a_page"


@pytest.fixture
def service(server):
    return server.server.service(AliasBook)


@pytest.fixture
def project(server):
    return server.project_id("one")


@pytest.fixture
def change(server, service, project):
    """Return a function that binds an alias in profile `default` through the service."""

    def call(alias="fast", model="openai:a", seen=None, profile="default"):
        return server.run(service.bind(project, KEY, profile=profile, alias=alias, model=model, seen=seen))

    return call


@pytest.fixture
def history(server, service, project):
    def call(**query):
        return server.run(service.history(project, **query))

    return call


@pytest.fixture
def undo(server, service, project):
    return lambda number: server.run(service.undo(project, KEY, number))


@contextmanager
def refused(status):
    with pytest.raises(Problem) as problem:
        yield
    assert problem.value.status.startswith(str(status))


def test_an_alias_that_a_feature_binds_is_returned_over_http(client, change):
    bound = change()
    assert (bound.profile, bound.alias, bound.model, bound.change) == ("default", "fast", "openai:a", 1)
    assert resolve(client, "fast") == "openai:a"
    assert client.get(f"{PATH}/history").json()[0]["key_id"] == KEY


def test_the_aliases_of_every_profile_are_listed_in_order(server, client, service, project):
    bind(client, "b", "openai:1", profile="prod")
    bind(client, "a", "openai:2", profile="prod")
    bind(client, "z", "openai:3")
    bind(server.client("two"), "other", "openai:4")
    found = server.run(service.bindings(project))
    assert [(one.profile, one.alias, one.model) for one in found] == [
        ("default", "z", "openai:3"), ("prod", "a", "openai:2"), ("prod", "b", "openai:1"),
    ]  # fmt: skip


def test_a_change_preserves_the_metadata_of_the_alias(client, change):
    bind(client, "fast", "openai:a", metadata={"temperature": 0.10})
    change(model="openai:b", seen=1)
    assert json.loads(client.get(f"{PATH}/fast").text)["metadata"] == {"temperature": 0.10}


def test_a_change_based_on_an_older_state_is_refused(client, change):
    bind(client, "fast", "openai:a")
    bind(client, "fast", "openai:b")
    for seen in (None, 1, 3):
        with refused(412):
            change(model="openai:c", seen=seen)
    assert resolve(client, "fast") == "openai:b"


@pytest.mark.parametrize(
    ("field", "value"),
    [("alias", "no name"), ("alias", "bind"), ("alias", ""), ("model", "no model"), ("model", "a:" + "x" * 300),
     ("profile", ""), ("profile", "x" * 129), ("profile", "nul\0"), ("alias", "nul\0"), ("model", "a:nul\0")],
)  # fmt: skip
def test_a_field_that_is_invalid_over_http_is_refused(client, service, change, field, value):
    with refused(422):
        change(**{field: value})
    with refused(422):
        service.check(**{"profile": "default", "alias": "fast", "model": "openai:a", field: value})
    assert models(client) == {}


def test_an_alias_is_unbound_only_if_it_is_unchanged(server, client, service, project):
    bind(client, "fast", "openai:a")
    bind(client, "fast", "openai:b")
    with refused(412):
        server.run(service.unbind(project, KEY, profile="default", alias="fast", seen=1))
    server.run(service.unbind(project, KEY, profile="default", alias="fast", seen=2))
    assert resolve(client, "fast") is None


def test_history_pages_contain_each_change_once_and_mark_those_that_can_be_undone(client, history):
    for model in ("a", "b", "c"):
        bind(client, "fast", f"openai:{model}")
    bind(client, "slow", "openai:a", profile="prod")
    first = history(limit=3)
    second = history(limit=3, before=first.next)
    changes = [*first.changes, *second.changes]
    assert second.next is None
    assert [(one.number, one.latest) for one in changes] == [(4, True), (3, True), (2, False), (1, False)]
    assert [one.number for one in history(alias="fast").changes] == [3, 2, 1]
    assert [one.number for one in history(profile="prod").changes] == [4]


def test_undoing_a_change_restores_the_previous_model_and_metadata(client, undo):
    bind(client, "fast", "openai:a", metadata={"why": "good"})
    bind(client, "fast", "openai:b", metadata={"why": "cheap"})
    undo(2)
    found = client.get(f"{PATH}/fast").json()
    assert (found["model"], found["metadata"]) == ("openai:a", {"why": "good"})
    assert client.get(f"{PATH}/history").json()[0]["key_id"] == KEY


def test_undoing_the_first_binding_unbinds_and_undoing_an_unbinding_binds(client, undo):
    bind(client, "fast", "openai:a", metadata={"why": "good"})
    undo(1)
    assert resolve(client, "fast") is None
    undo(2)
    assert client.get(f"{PATH}/fast").json()["metadata"] == {"why": "good"}


def test_undoing_is_refused_after_a_later_change(client, undo):
    bind(client, "fast", "openai:a")
    client.delete(f"{PATH}/fast")
    bind(client, "fast", "openai:b")
    for number in (1, 2):
        with refused(409):
            undo(number)
    assert resolve(client, "fast") == "openai:b"


def test_undoing_is_refused_when_the_history_no_longer_contains_the_previous_state(server, client, undo):
    bind(client, "fast", "openai:a", metadata={"why": "good"})
    bind(client, "fast", "openai:b")
    server.run(server.server.database.execute("DELETE FROM alias_history WHERE seq = 1"))
    with refused(409):
        undo(2)
    assert resolve(client, "fast") == "openai:b"


@pytest.mark.parametrize("number", [0, -1, 2, 2**63 - 1, 2**80])
def test_undoing_an_unknown_change_is_404(client, undo, number):
    bind(client, "fast", "openai:a")
    with refused(404):
        undo(number)


def test_changes_of_another_project_are_not_found(server, service):
    bind(server.client("two"), "fast", "openai:a")
    assert server.run(service.find(server.project_id("one"), "default", "fast")) is None
    assert server.run(service.change(server.project_id("one"), 1)) is None
    with refused(404):
        server.run(service.undo(server.project_id("one"), KEY, 1))
