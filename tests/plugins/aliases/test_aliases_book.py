"""What other features are offered of aliases: the very aliases of the JSON calls, with their checks and history."""

import json
from contextlib import contextmanager

import pytest
from aliases_kit import PATH, bind, models, resolve

from llmring_server.contracts.aliases import AliasBook
from llmring_server.http.errors import Problem

KEY = "key_of_a_page"


@pytest.fixture
def book(server):
    return server.server.service(AliasBook)


@pytest.fixture
def project(server):
    return server.project_id("one")


@pytest.fixture
def change(server, book, project):
    """Give a function that binds an alias of profile `default` through the book."""

    def ask(alias="fast", model="openai:a", seen=None, profile="default"):
        return server.run(book.bind(project, KEY, profile=profile, alias=alias, model=model, seen=seen))

    return ask


@pytest.fixture
def history(server, book, project):
    def ask(**asked):
        return server.run(book.history(project, **asked))

    return ask


@pytest.fixture
def undo(server, book, project):
    return lambda number: server.run(book.undo(project, KEY, number))


@contextmanager
def refused(status):
    with pytest.raises(Problem) as problem:
        yield
    assert problem.value.status.startswith(str(status))


def test_an_alias_that_a_feature_binds_is_what_the_json_calls_answer(client, change):
    bound = change()
    assert (bound.profile, bound.alias, bound.model, bound.change) == ("default", "fast", "openai:a", 1)
    assert resolve(client, "fast") == "openai:a"
    assert client.get(f"{PATH}/history").json()[0]["key_id"] == KEY


def test_the_aliases_of_every_profile_are_listed_in_order(server, client, book, project):
    bind(client, "b", "openai:1", profile="prod")
    bind(client, "a", "openai:2", profile="prod")
    bind(client, "z", "openai:3")
    bind(server.client("two"), "other", "openai:4")
    found = server.run(book.bindings(project))
    assert [(one.profile, one.alias, one.model) for one in found] == [
        ("default", "z", "openai:3"), ("prod", "a", "openai:2"), ("prod", "b", "openai:1"),
    ]  # fmt: skip


def test_a_change_keeps_the_metadata_that_the_alias_has(client, change):
    bind(client, "fast", "openai:a", metadata={"temperature": 0.10})
    change(model="openai:b", seen=1)
    assert json.loads(client.get(f"{PATH}/fast").text)["metadata"] == {"temperature": 0.10}


def test_a_change_decided_on_an_older_state_is_refused(client, change):
    bind(client, "fast", "openai:a")
    bind(client, "fast", "openai:b")
    for seen in (None, 1, 3):
        with refused(412):
            change(model="openai:c", seen=seen)
    assert resolve(client, "fast") == "openai:b"


@pytest.mark.parametrize(
    ("member", "value"),
    [("alias", "no name"), ("alias", "bind"), ("alias", ""), ("model", "no model"), ("model", "a:" + "x" * 300),
     ("profile", ""), ("profile", "x" * 129), ("profile", "nul\0"), ("alias", "nul\0"), ("model", "a:nul\0")],
)  # fmt: skip
def test_what_the_json_calls_refuse_is_refused(client, book, change, member, value):
    with refused(422):
        change(**{member: value})
    with refused(422):
        book.check(**{"profile": "default", "alias": "fast", "model": "openai:a", member: value})
    assert models(client) == {}


def test_an_alias_is_unbound_only_as_it_was_seen(server, client, book, project):
    bind(client, "fast", "openai:a")
    bind(client, "fast", "openai:b")
    with refused(412):
        server.run(book.unbind(project, KEY, profile="default", alias="fast", seen=1))
    server.run(book.unbind(project, KEY, profile="default", alias="fast", seen=2))
    assert resolve(client, "fast") is None


def test_history_pages_hold_each_change_once_and_say_which_can_be_undone(client, history):
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


def test_undoing_a_change_gives_the_model_and_the_metadata_of_before(client, undo):
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


def test_undoing_what_has_changed_since_is_refused(client, undo):
    bind(client, "fast", "openai:a")
    client.delete(f"{PATH}/fast")
    bind(client, "fast", "openai:b")
    for number in (1, 2):
        with refused(409):
            undo(number)
    assert resolve(client, "fast") == "openai:b"


def test_undoing_is_refused_where_the_history_no_longer_says_what_was_before(server, client, undo):
    bind(client, "fast", "openai:a", metadata={"why": "good"})
    bind(client, "fast", "openai:b")
    server.run(server.server.database.execute("DELETE FROM alias_history WHERE seq = 1"))
    with refused(409):
        undo(2)
    assert resolve(client, "fast") == "openai:b"


@pytest.mark.parametrize("number", [0, -1, 2, 2**63 - 1, 2**80])
def test_a_change_that_the_history_does_not_have_is_not_undone(client, undo, number):
    bind(client, "fast", "openai:a")
    with refused(404):
        undo(number)


def test_another_projects_changes_are_not_there(server, book):
    bind(server.client("two"), "fast", "openai:a")
    assert server.run(book.find(server.project_id("one"), "default", "fast")) is None
    assert server.run(book.change(server.project_id("one"), 1)) is None
    with refused(404):
        server.run(book.undo(server.project_id("one"), KEY, 1))
