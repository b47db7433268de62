"""`/api/v1/prices`: which price a call gets, with every candidate and why; where sources differ; the command."""

import json

import pytest

MINI = {"provider": "openai", "model": "gpt-5-mini"}
OWN = {**MINI, "rates": {"input": "0.20", "output": "1.60"}}
CALL = {**MINI, "input_tokens": 1_000_000, "output_tokens": 0}


def explain(client, **query):
    answer = client.get("/api/v1/prices", params={**MINI, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_registry_goes_before_the_bundled_prices(priced):
    found = explain(priced.client())
    assert (found["cost_status"], found["price_source"]) == ("priced", "registry")
    registry, bundled = found["candidates"]
    assert (registry["source"], registry["version"], registry["used"]) == ("registry", "openai.3", True)
    assert (bundled["source"], bundled["used"]) == ("genai-prices", False)
    assert bundled["reason"] == "A source before it has all that the call needs."
    assert registry["rates"] == {"input": 0.25, "output": 2, "cached_input": 0.025}


def test_a_source_without_a_condition_is_passed_over_with_the_reason(priced):
    found = explain(priced.client(), service_tier="flex")
    registry, bundled = found["candidates"]
    assert (registry["notes"], registry["reason"]) == (
        ["service_tier flex priced as standard"],
        "It does not have all: see notes.",
    )
    assert (bundled["used"], found["price_source"], found["cost_status"]) == (True, "genai-prices", "priced")


def test_a_source_without_the_tier_of_a_prompt_is_passed_over(priced):
    found = explain(
        priced.client(), provider="google", model="gemini-2.5-pro", prompt_tokens=250_000, kinds="cache_read"
    )
    assert found["candidates"][0]["notes"] == ["cache_read priced at the standard context rate"]
    assert found["price_source"] == "genai-prices"


def test_a_change_that_is_later_than_the_registrys_file_goes_before_it(llmring_live, small_registry, log):
    path = small_registry / "openai" / "models.json"
    document = json.loads(path.read_text()) | {"updated_at": "2025-01-01T00:00:00Z", "extraction_date": None}
    document["models"]["openai:o3"] = {
        **document["models"]["openai:gpt-5-mini"],
        "dollars_per_million_tokens_input": 10,
        "dollars_per_million_tokens_output": 40,
    }
    path.write_text(json.dumps(document))
    client = llmring_live(["registry", "usage"], registry={"base_url": small_registry.as_uri() + "/"}).client()
    assert client.get("/registry").status_code == 200
    o3 = {"provider": "openai", "model": "o3"}
    assert explain(client, **o3, at="2025-06-01")["price_source"] == "registry"
    assert explain(client, **o3, at="2026-11-01")["price_source"] == "genai-prices"
    assert log(client, **o3, input_tokens=1_000_000, output_tokens=0)["cost"] == 2


def test_an_own_price_and_a_discount_are_named(usage):
    client = usage.client()
    client.put("/api/v1/prices/overrides/contract", json=OWN)
    client.put("/api/v1/prices/overrides/less", json={**MINI, "discount": "0.5"})
    found = explain(client)
    assert (found["price_source"], found["discount"], found["discount_source"]) == (
        "override:contract", 0.5, "override:less",
    )  # fmt: skip


def test_an_unknown_model_has_no_candidates(usage):
    found = explain(usage.client(), model="nowhere")
    assert (found["candidates"], found["cost_status"], found["price_source"]) == ([], "model_not_in_registry", None)


@pytest.mark.parametrize(
    ("query", "field"),
    [({"at": "soon"}, "at"), ({"kinds": "cash"}, "kinds"), ({"prompt_tokens": "x"}, "prompt_tokens")],
)
def test_an_invalid_query_is_refused(usage, query, field):
    answer = usage.client().get("/api/v1/prices", params={**MINI, **query})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"][-1] == field


def test_differences_are_those_of_models_in_use_with_the_spend(usage, log):
    client = usage.client()
    log(client, **CALL)
    assert client.get("/api/v1/prices/differences").json() == []
    client.put("/api/v1/prices/overrides/contract", json=OWN)
    (found,) = client.get("/api/v1/prices/differences").json()
    assert (found["model"], found["source"], found["other_source"], found["spend"]) == (
        "gpt-5-mini", "override:contract", "genai-prices", 0.25,
    )  # fmt: skip
    assert {rate["kind"]: (rate["rate"], rate["other"]) for rate in found["rates"]} == {
        "input": (0.2, 0.25), "output": (1.6, 2), "reasoning": (1.6, 2),
    }  # fmt: skip
    assert usage.client("other").get("/api/v1/prices/differences").json() == []


@pytest.fixture
def command(llmring_cli):
    """Run `llmring-server prices` with usage alone."""
    return lambda *arguments: llmring_cli("prices", *arguments, LLMRING_PLUGINS="usage")


def test_the_command_sets_lists_explains_and_removes_a_price_for_all_projects(llmring_live, command, log):
    client = llmring_live(["usage"]).client()
    done = command("set", "contract", "openai:gpt-5-mini", "--rate", "input=0.20", "--rate", "output=1.60",
                   "--from", "2026-01-01", "--note", "2026-17")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "contract  openai:gpt-5-mini  input 0.20, output 1.60 from 2026-01-01T00:00Z" in done.stdout
    assert "contract" in command("list").stdout
    shown = command("explain", "openai:gpt-5-mini").stdout
    assert "> override:contract 1, genai-prices" in shown
    assert "A source before it has all that the call needs." in shown
    before = command("explain", "openai:gpt-5-mini", "--at", "2025-12-31").stdout
    assert "override" not in before
    assert "> genai-prices" in before
    assert command("remove", "contract").stdout == "closed contract\n"
    assert command("list").stdout == "no own prices\n"
    assert "closed" in command("list", "--history").stdout
    log(client, **CALL)


def test_a_price_of_the_command_holds_on_a_running_server_within_a_second(llmring_live, command, log):
    from llmring_server.testing import eventually

    client = llmring_live(["usage"]).client()
    assert log(client, **CALL)["cost"] == 0.25
    assert command("set", "contract", "openai:gpt-5-mini", "--rate", "input=0.20").returncode == 0
    eventually(lambda: log(client, **CALL)["cost"] == 0.2, 1)


def test_the_command_compares_the_sources(llmring_live, command, log):
    client = llmring_live(["usage"]).client()
    log(client, **CALL)
    client.post("/api/v1/log", json={**MINI, "usage": None}).raise_for_status()
    assert command("compare").stdout == "no differences\n"
    command("set", "contract", "openai:gpt-5-mini", "--rate", "input=0.20")
    shown = command("compare").stdout
    assert "openai:gpt-5-mini  2 calls, 1 of them unpriced, 0.25 USD in 30 days" in shown
    assert "  input: 0.20 (override:contract 1, genai-prices" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("set", "x", "gpt-5-mini", "--rate", "input=1"), "PROVIDER:MODEL"),
        (("set", "x", "openai:m", "--rate", "input"), "NAME=USD"),
        (("set", "x", "openai:m", "--rate", "input=-1"), "body.rates.input: Must not be negative."),
        (("set", "x", "openai:m"), "Give exactly one of rates"),
        (("set", "x", "openai:m", "--discount", "2"), "body.discount"),
        (("remove", "x"), "there is no own price 'x'"),
        (("explain", "gpt-5-mini"), "PROVIDER:MODEL"),
    ],
)
def test_a_wrong_command_names_the_fault(command, arguments, message):
    done = command(*arguments)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
