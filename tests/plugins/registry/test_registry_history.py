"""Earlier versions of the registry: a call is priced by the version that was in force when it happened."""

import json
import shutil
from datetime import UTC, datetime

import pytest

from llmring_server.contracts import PriceList
from llmring_server.testing import eventually

MINI = ("openai", "gpt-5-mini")
CURRENT = datetime(2026, 1, 3, 12, tzinfo=UTC)


def archive(registry, number, updated_at, rate):
    """Add an archived version of OpenAI's file, with another input rate for gpt-5-mini."""
    folder = registry / "openai" / "v" / str(number)
    folder.mkdir(parents=True, exist_ok=True)
    document = json.loads((registry / "openai" / "models.json").read_text())
    document |= {"version": number, "updated_at": updated_at, "extraction_date": updated_at}
    document["models"]["openai:gpt-5-mini"]["dollars_per_million_tokens_input"] = rate
    (folder / "models.json").write_text(json.dumps(document))


@pytest.fixture
def archived(small_registry):
    """A registry with two archived versions of OpenAI's file."""
    archive(small_registry, 2, "2025-09-01T00:00:00Z", 0.5)
    archive(small_registry, 1, "2025-05-01T00:00:00Z", 1)
    return small_registry


def prices_of(llmring_live, registry):
    server = llmring_live(["registry"], registry={"base_url": registry.as_uri() + "/"})
    assert server.client(None).get("/registry").status_code == 200
    return server, server.server.service(PriceList)


def found_at(server, prices, at):
    async def find():
        return prices.find(*MINI, at)

    return server.run(find())


def test_the_current_version_holds_from_its_date_on(llmring_live, archived):
    server, prices = prices_of(llmring_live, archived)
    for at in (None, CURRENT, datetime(2026, 11, 1, tzinfo=UTC)):
        assert (found_at(server, prices, at).registry_version, found_at(server, prices, at).since) == (
            "openai.3",
            CURRENT,
        )


def test_an_earlier_call_gets_the_version_that_was_in_force(llmring_live, archived):
    server, prices = prices_of(llmring_live, archived)
    at = datetime(2025, 10, 1, tzinfo=UTC)
    changes = []
    prices.on_change(lambda: changes.append(1))
    assert found_at(server, prices, at).since == CURRENT  # nothing older is known yet
    eventually(lambda: found_at(server, prices, at).registry_version == "openai.2")
    found = found_at(server, prices, at)
    assert (found.input, found.since, found.until) == (0.5, datetime(2025, 9, 1, tzinfo=UTC), CURRENT)
    assert changes


def test_a_version_of_this_server_is_remembered_without_an_archive(llmring_live, small_registry):
    server, prices = prices_of(llmring_live, small_registry)
    path = small_registry / "openai" / "models.json"
    document = json.loads(path.read_text()) | {"version": 4, "updated_at": "2026-06-01T00:00:00Z"}
    document["models"]["openai:gpt-5-mini"]["dollars_per_million_tokens_input"] = 9
    path.write_text(json.dumps(document))
    server.run(prices.refresh())
    assert found_at(server, prices, None).input == 9
    assert found_at(server, prices, datetime(2026, 5, 1, tzinfo=UTC)).registry_version == "openai.3"


def test_versions_that_were_stored_are_loaded_after_a_restart(llmring_live, archived, tmp_path):
    server, prices = prices_of(llmring_live, archived)
    server.run(prices.load_history(datetime(2025, 5, 2, tzinfo=UTC)))
    assert found_at(server, prices, datetime(2025, 5, 2, tzinfo=UTC)).input == 1
    shutil.rmtree(archived / "openai" / "v")
    again, known = prices_of(llmring_live, archived)
    again.run(known.load_history(datetime(2025, 5, 2, tzinfo=UTC)))
    assert found_at(again, known, datetime(2025, 5, 2, tzinfo=UTC)).registry_version == "openai.1"


def test_a_call_before_every_version_gets_the_oldest_with_its_later_date(llmring_live, archived):
    server, prices = prices_of(llmring_live, archived)
    at = datetime(2024, 1, 1, tzinfo=UTC)
    server.run(prices.load_history(at))
    found = found_at(server, prices, at)
    assert (found.registry_version, found.since > at) == ("openai.1", True)


def test_a_file_dated_in_the_future_is_in_force(llmring_live, small_registry):
    path = small_registry / "openai" / "models.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"updated_at": "2099-01-01T00:00:00Z"}))
    server, prices = prices_of(llmring_live, small_registry)
    assert found_at(server, prices, datetime.now(UTC)).since is None


def test_an_unknown_model_has_no_price_at_any_time(llmring_live, archived):
    server, prices = prices_of(llmring_live, archived)

    async def find():
        return prices.find("openai", "nowhere", datetime(2025, 10, 1, tzinfo=UTC))

    assert server.run(find()) is None
