"""The contract `ModelCatalog`: models, versions, and changes between versions."""

from contextlib import contextmanager
from decimal import Decimal

import pytest
from registry_kit import until

from llmring_server.contracts import PriceList
from llmring_server.contracts.registry import ModelCatalog
from llmring_server.http.errors import Problem


@contextmanager
def refused(status):
    with pytest.raises(Problem) as problem:
        yield
    assert problem.value.status.startswith(str(status))


def catalog(server):
    return server.server.service(ModelCatalog)


def models(server):
    return {model.key: model for model in server.run(catalog(server).models()).models}


def changes(server, before, after):
    return server.run(catalog(server).changes(before, after))


def keys(found):
    return [model.key for model in found]


def composed(server):
    return [one.version for one in server.run(catalog(server).versions()) if one.provider is None]


def refreshed(server, version):
    """Refresh the server, and return once it serves another version."""
    server.run(server.server.service(PriceList).refresh())
    until(lambda: server.run(catalog(server).models()).version != version)


def test_models_are_described_for_display(serve):
    found = models(serve())
    assert found["openai:gpt-4o"].price.input == Decimal("2.5")
    assert (found["openai:gpt-4o"].active, found["openai:gpt-4o"].outdated) == (True, False)
    assert found["openai:gpt-4o"].capabilities == ("json_mode", "vision")
    assert found["openai:gpt-4o-2024-08-06"].aliases == ("gpt-4o", "gpt-4o-2024-11-20", "gpt-4o-2024-05-13")
    gone = [model for model in found.values() if model.outdated]
    assert [(model.active, model.deprecated) for model in gone] == [(False, "2026-06-01")]


def test_a_model_is_found_as_pricing_finds_it(serve):
    server = serve()
    found = server.run(catalog(server).find("anthropic", "claude-sonnet-4-5"))
    assert found.key == server.server.service(PriceList).find("anthropic", "claude-sonnet-4-5").priced_as
    assert server.run(catalog(server).find("openai", "nowhere")) is None


def test_an_entry_of_any_shape_is_shown_for_what_it_is(serve, upstream):
    def spoil(document):
        document["models"]["openai:odd"] = "text"
        document["models"]["openai:wrong"] = {
            "is_active": "yes", "deprecated_date": 7, "model_aliases": "x", "max_input_tokens": -1, "display_name": [],
        }  # fmt: skip

    upstream.change("openai/models.json", spoil)
    found = models(serve())
    for key in ("openai:odd", "openai:wrong"):
        odd = found[key]
        assert (odd.active, odd.deprecated, odd.aliases, odd.max_input_tokens, odd.display_name) == (
            None, None, (), None, None,
        )  # fmt: skip


def test_versions_are_those_composed_here_and_each_providers_own(serve):
    server = serve()
    found = server.run(catalog(server).versions())
    assert [one.version for one in found if one.provider == "openai"] == ["openai.3", "openai.2", "openai.1"]
    assert [one.version for one in found if one.provider == "google"] == ["google.1"]
    assert composed(server) == [server.client().get("/registry").json()["version"]]
    assert found[0].known_at is not None


def test_two_composed_versions_differ_in_what_changed_between_them(serve, upstream):
    server = serve()
    [before] = composed(server)

    def edit(document):
        models = document["models"]
        models["openai:new"] = {"dollars_per_million_tokens_input": 1, "dollars_per_million_tokens_output": 2}
        del models["openai:gpt-4o-2024-05-13"]
        models["openai:gpt-4o"]["dollars_per_million_tokens_input"] = 2.0
        models["openai:gpt-4o"]["is_active"] = False

    upstream.change("openai/models.json", edit)
    refreshed(server, before)
    after, _ = composed(server)
    found = changes(server, before, after)
    assert (keys(found.added), keys(found.removed)) == (["openai:new"], ["openai:gpt-4o-2024-05-13"])
    [changed] = found.changed
    assert (changed.before.price.input, changed.after.price.input) == (Decimal("2.5"), Decimal("2.0"))
    assert list(changed.fields) == [
        ("dollars_per_million_tokens_input", "2.5", "2.0"), ("is_active", "true", "false"),
    ]  # fmt: skip
    backwards = changes(server, after, before)
    assert (keys(backwards.added), keys(backwards.removed)) == (["openai:gpt-4o-2024-05-13"], ["openai:new"])


def test_a_number_that_is_spelt_otherwise_is_no_change(serve, upstream):
    server = serve()
    [before] = composed(server)
    file = upstream.folder / "openai" / "models.json"
    file.write_text(file.read_text().replace("2.5,", "2.50,"))
    refreshed(server, before)
    found = changes(server, before, composed(server)[0])
    assert (found.added, found.removed, found.changed) == ([], [], [])


def test_a_providers_versions_come_from_the_sources_archive(serve, upstream):
    server = serve()
    found = changes(server, "openai.1", "openai.3")
    everything = [*keys(found.added), *keys(found.removed), *(one.after.key for one in found.changed)]
    assert everything
    assert all(key.startswith("openai:") for key in everything)
    asked = upstream.asked["openai/v/1/models.json"]
    changes(server, "openai.1", "openai.3")
    assert upstream.asked["openai/v/1/models.json"] == asked == 1


def test_a_composed_version_and_a_providers_are_compared_in_that_provider(serve):
    server = serve()
    found = changes(server, "openai.3", composed(server)[0])
    assert (found.added, found.removed, found.changed) == ([], [], [])


def test_versions_that_cannot_be_compared_are_distinguished(serve, upstream):
    server = serve()
    with refused(422):
        changes(server, "openai.1", "google.1")
    for unknown in ("openai.99", "nowhere", "", "unknown.1", "a\0b", "openai.1/../2"):
        with refused(404):
            changes(server, unknown, "openai.3")


def test_an_archived_file_that_the_source_does_not_give_is_503(serve, upstream):
    server = serve()
    upstream.stop()
    with refused(503):
        changes(server, "openai.1", "openai.3")


def test_without_any_copy_the_answer_is_503_in_time(serve, upstream):
    upstream.stop()
    server = serve(start_wait_seconds=0.1, first_wait_seconds=0.1)
    with refused(503):
        server.run(catalog(server).models())
    with refused(503):
        server.run(catalog(server).versions())
