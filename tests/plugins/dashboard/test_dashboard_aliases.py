"""The alias pages: profiles side by side, confirmed changes, and a history with undo."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from dashboard_kit import MANY_SIGN_INS, MARKUP

MINI, PRO = "openai:gpt-5-mini", "google:gemini-2.5-pro"
API = "/api/v1/aliases"


@pytest.fixture
def server(start_server, constant_registry):
    return start_server(
        ["dashboard", "registry", "aliases", "usage"],
        registry={"base_url": constant_registry.as_uri() + "/"},
        dashboard=MANY_SIGN_INS,
    )


@pytest.fixture
def client(server):
    return server.client("one")


@pytest.fixture
def browser(server, browse):
    return browse(server)


def bind(client, alias="fast", model=MINI, **members):
    answer = client.post(f"{API}/bind", json={"alias": alias, "model": model, **members})
    assert answer.status_code == 200, answer.text


def resolved(client, alias="fast", profile="default"):
    answer = client.get(f"{API}/resolve", params={"alias": alias, "profile": profile})
    return answer.json()["model"] if answer.status_code == 200 else None


def log(client, **members):
    call = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100, "alias": "fast"}
    assert client.post("/api/v1/log", json={**call, **members}).status_code == 200


def test_profiles_are_side_by_side_with_differences_marked(client, browser):
    bind(client, "fast", MINI)
    bind(client, "fast", PRO, profile="prod")
    bind(client, "same", MINI)
    bind(client, "same", MINI, profile="prod")
    bind(client, "lone", f"{MINI},{PRO}", profile="prod")
    page = browser.open("/ui/aliases")
    assert page.head("#aliases") == ["Alias", "default", "prod", "Profiles"]
    rows = {row[0]: row[1:] for row in page.words("#aliases")}
    assert [one.split()[0] for one in rows["fast"]] == [MINI, PRO, "Different"]
    assert rows["same"][2] == "Same"
    assert rows["lone"][0].startswith("not bound")
    assert rows["lone"][1].startswith(f"{MINI}, then {PRO}")
    marked = {row.text(strip=True) for row in page.page.css("#aliases tr.changed th")}
    assert marked == {"fast", "lone"}


def test_one_profile_needs_no_comparison(client, browser):
    bind(client)
    page = browser.open("/ui/aliases")
    assert page.head("#aliases") == ["Alias", "default"]
    assert not page.page.css("tr.changed")


def test_aliases_are_found_by_name_by_model_and_by_difference(client, browser):
    bind(client, "fast", MINI)
    bind(client, "slow", PRO)
    bind(client, "slow", PRO, profile="prod")
    named = [row[0] for row in browser.open("/ui/aliases", q="FAST").words("#aliases")]
    modelled = [row[0] for row in browser.open("/ui/aliases", q="gemini").words("#aliases")]
    different = [row[0] for row in browser.open("/ui/aliases", different="true").words("#aliases")]
    assert (named, modelled, different) == (["fast"], ["slow"], ["fast"])
    assert "No matching aliases" in browser.open("/ui/aliases", q="nowhere").text("main")


def test_of_very_many_aliases_the_first_are_shown_and_the_rest_counted(client, browser):
    names, profiles = [f"a{n:04}" for n in range(600)], ["default", "prod"]
    body = [{"alias": name, "model": MINI, "profile": profile} for name in names for profile in profiles]
    assert client.post(f"{API}/bulk_upsert", json=body).status_code == 200
    page = browser.open("/ui/aliases")
    assert [row[0] for row in page.words("#aliases")] == names[:500]
    assert "100 more match" in page.text("main")
    assert [row[0] for row in browser.open("/ui/aliases", q="a0599").words("#aliases")] == ["a0599"]


def test_a_project_without_aliases_sees_what_they_are(browser):
    page = browser.open("/ui/aliases")
    assert "No alias is bound yet" in page.text("main")
    assert "Bind an alias" in page.links


def test_binding_is_confirmed_and_the_api_answers_with_it(client, browser):
    form = browser.follow(browser.open("/ui/aliases"), "Bind an alias")
    assert MINI in [option.attributes["value"] for option in form.page.css("datalist option")]
    question = browser.send(form, "/ui/aliases/bind", alias="fast", model=MINI)
    assert question.text("#then") == MINI
    assert resolved(client) is None
    page = browser.send(question, "/ui/aliases/bind")
    assert page.text(".said") == f"“fast” in profile default now points to {MINI}."
    assert page.words("#aliases")[0][0] == "fast"
    assert resolved(client) == MINI
    assert client.get(f"{API}/history").json()[0]["key_id"]


def test_a_change_shows_the_callers_and_the_cost_with_the_new_model(client, browser):
    bind(client)
    for origin in ("web", "web", "batch"):
        log(client, origin=origin)
    log(client, input_tokens=300_000, output_tokens=1_000, origin="batch")
    log(client, timestamp=(datetime.now(UTC) - timedelta(days=8)).isoformat())
    log(client, profile="prod")
    form = browser.follow(browser.open("/ui/aliases"), "Change fast in profile default")
    question = browser.send(form, "/ui/aliases/bind", model=PRO)
    assert question.value("#requests") == "4"
    assert question.words("#callers") == [["batch", "2"], ["web", "2"]]
    tokens = {row[0]: row[1] for row in question.words("#tokens")}
    assert tokens == {"Uncached input": "303,000", "Output": "1,300"}
    now, new = question.page.css("#prospects tbody tr")
    logged = "0.07835"  # (303,000 × 0.25 + 1,300 × 2) ÷ 10⁶
    assert question.value("#cost") == now.css("data")[0].attributes["value"] == logged
    assert "±$0.00" in now.text()
    prices = client.get("/registry").json()["models"][PRO]
    assert prices["long_context_threshold_tokens"] == 200_000
    rate = {name: prices[f"dollars_per_million_tokens_{name}"] for name in ("input", "output")}
    long = {name: prices[f"dollars_per_million_tokens_{name}_long_context"] for name in ("input", "output")}
    micros = 3_000 * rate["input"] + 300 * rate["output"] + 300_000 * long["input"] + 1_000 * long["output"]
    cost, difference = (float(one.attributes["value"]) for one in new.css("data"))
    assert cost == pytest.approx(micros / 1e6, rel=1e-12)
    assert difference == pytest.approx(micros / 1e6 - float(logged), rel=1e-12)
    assert "+$" in new.text()


def test_costs_that_cannot_be_compared_are_not(client, browser):
    bind(client)
    log(client, units={"web_search": 2}, audio_input_tokens=100)
    form = browser.follow(browser.open("/ui/aliases"), "Change fast in profile default")
    question = browser.send(form, "/ui/aliases/bind", model=PRO)
    assert question.text("#units").startswith("1 call has other billed units")
    assert ["Audio input", "100"] in question.words("#tokens")
    assert [row[3] for row in question.words("#prospects")] == ["–", "–"]
    assert all(row[2].endswith("estimated") for row in question.words("#prospects"))


def test_an_alias_without_calls_is_marked(client, browser):
    bind(client)
    question = browser.open("/ui/aliases/bind", alias="fast", model=PRO)
    assert "No calls with this alias" in question.text("#no-calls")
    assert [row[0] for row in question.words("#prospects")] == [f"{MINI} (current)", f"{PRO} (new)"]


def test_an_outdated_or_unknown_model_is_marked_before_it_is_bound(client, browser):
    question = browser.open("/ui/aliases/bind", alias="fast", model="openai:nowhere,google:gemini-1.5-pro")
    assert question.words("#prospects")[0][1] == "Not in the registry"
    listed = client.get("/registry").json()["models"]
    [outdated] = [key for key, model in listed.items() if model.get("is_active") is False]
    question = browser.open("/ui/aliases/bind", alias="fast", model=outdated)
    assert question.words("#prospects")[0][1] == "No longer active, deprecated 2026-06-01"


@pytest.mark.parametrize(
    ("alias", "model", "words"),
    [("no name", MINI, "letters"), ("fast", "no model", "model"), ("", MINI, "letters"), ("bind", MINI, "reserved")],
)
def test_invalid_input_is_shown_again_with_the_reason(client, browser, alias, model, words):
    page = browser.open("/ui/aliases/bind", alias=alias, model=model)
    assert page.status == 422
    assert words in page.text(".fault")
    assert page.field("#field-alias") == alias
    assert page.field("#field-model") == model


def test_a_change_does_not_affect_the_metadata(client, browser):
    bind(client, metadata={"temperature": 0.5})
    browser.send(browser.open("/ui/aliases/bind", alias="fast", model=PRO), "/ui/aliases/bind")
    found = client.get(f"{API}/fast").json()
    assert (found["model"], found["metadata"]) == (PRO, {"temperature": 0.5})


def test_unbinding_is_confirmed(client, browser):
    bind(client)
    question = browser.follow(browser.open("/ui/aliases"), "Unbind fast in profile default")
    assert resolved(client) == MINI
    page = browser.send(question, "/ui/aliases/unbind")
    assert page.text(".said") == "“fast” in profile default is unbound."
    assert resolved(client) is None
    assert browser.open("/ui/aliases/unbind", alias="fast").status == 404


def test_a_change_that_is_undone_gives_the_api_what_was_before(client, browser):
    bind(client, metadata={"why": "good"})
    bind(client, model=PRO)
    history = browser.open("/ui/aliases/history", alias="fast")
    assert [row[0] for row in history.words("#history")] == ["2", "1"]
    assert [row[4] for row in history.words("#history")] == [f"from {MINI} to {PRO}", f"bound to {MINI}"]
    assert history.words("#history")[1][6] == "superseded"
    question = browser.follow(history, "Undo change 2 to fast")
    assert (question.text("#now"), question.text("#then")) == (PRO, MINI)
    page = browser.send(question, "/ui/aliases/undo")
    assert page.text(".said") == f"“fast” in profile default points to {MINI} again."
    assert client.get(f"{API}/fast").json()["metadata"] == {"why": "good"}
    assert resolved(client) == MINI


def test_a_decision_on_an_older_state_changes_nothing(client, browser):
    bind(client)
    history = browser.open("/ui/aliases/history")
    questions = {
        "bind": browser.open("/ui/aliases/bind", alias="fast", model=PRO),
        "unbind": browser.open("/ui/aliases/unbind", alias="fast"),
        "undo": browser.follow(history, "Undo change 1 to fast"),
    }
    bind(client, model="openai:gpt-4o")
    for action, status in {"bind": 412, "unbind": 412, "undo": 409}.items():
        page = browser.send(questions[action], f"/ui/aliases/{action}")
        assert page.status == status
        assert "changed in the meantime" in page.text("[role=alert]")
    assert resolved(client) == "openai:gpt-4o"


@pytest.mark.parametrize("token", [None, "", "forged", "another's"])
def test_no_change_is_made_without_the_token_of_the_session(server, client, browser, browse, token):
    bind(client)
    bind(client, model=PRO)
    questions = {
        "bind": browser.open("/ui/aliases/bind", alias="fast", model="openai:gpt-4o"),
        "unbind": browser.open("/ui/aliases/unbind", alias="fast"),
        "undo": browser.open("/ui/aliases/undo", number=2),
    }
    if token == "another's":
        token = browse(server).open("/ui/aliases/undo", number=2).field("main [name=csrf]")
    for action, question in questions.items():
        assert browser.send(question, f"/ui/aliases/{action}", csrf=token).status == 403
    assert resolved(client) == PRO


def test_markup_in_names_is_shown_as_text(server, client, browser):
    profile, model = MARKUP, "openai:" + MARKUP.replace(" ", "")
    bind(client, model=model, profile=profile)
    log(client, model=model.partition(":")[2], origin=MARKUP, profile=profile)
    for page in (
        browser.open("/ui/aliases"),
        browser.open("/ui/aliases", q=MARKUP[:4]),
        browser.open("/ui/aliases/history", profile=profile),
        browser.open("/ui/aliases/edit", alias="fast", profile=profile, model=model),
        browser.open("/ui/aliases/edit", alias=MARKUP, profile=profile, model=model),
        browser.open("/ui/aliases/bind", alias="fast", profile=profile, model=MINI),
        browser.open("/ui/aliases/unbind", alias="fast", profile=profile),
        browser.open("/ui/aliases/undo", number=1),
    ):
        assert page.status == 200, page.text("main")
        assert not page.page.css("main img, main script")
        shown = page.text("main") + "".join(one.attributes.get("value") or "" for one in page.page.css("main input"))
        assert MARKUP in shown or MARKUP.replace(" ", "") in shown


def test_another_projects_aliases_and_changes_are_not_there(server, browser):
    bind(server.client("two"), "theirs")
    assert "theirs" not in browser.open("/ui/aliases").text("main")
    assert "theirs" not in browser.open("/ui/aliases/history").text("main")
    assert browser.open("/ui/aliases/undo", number=1).status == 404
    assert browser.open("/ui/aliases/unbind", alias="theirs").status == 404


@pytest.mark.parametrize("number", ["0", "-1", "2.5", "x", str(2**63), str(2**63 - 1)])
def test_a_change_that_cannot_be_is_refused(client, browser, number):
    bind(client)
    assert browser.open("/ui/aliases/undo", number=number).status in (404, 422)


def test_pages_of_history_lead_to_older_changes(client, browser):
    body = [{"alias": f"a{n:02}", "model": MINI} for n in range(60)]
    assert client.post(f"{API}/bulk_upsert", json=body).status_code == 200
    first = browser.open("/ui/aliases/history")
    second = browser.follow(first, "Older")
    numbers = [int(row[0]) for row in [*first.words("#history"), *second.words("#history")]]
    assert numbers == list(range(60, 0, -1))
    assert "Older" not in second.links


def test_without_usage_and_registry_a_change_names_the_unknown_data(llmring_live, browse):
    server = llmring_live(["dashboard", "aliases"])
    browser, client = browse(server), server.client("one")
    question = browser.open("/ui/aliases/bind", alias="fast", model=MINI)
    assert "Usage is not enabled" in question.text("main")
    assert browser.send(question, "/ui/aliases/bind").text("[role=status]")
    assert resolved(client) == MINI


def test_an_outage_of_the_registry_does_not_block_a_change(llmring_live, browse, tmp_path):
    settings = {"base_url": tmp_path.as_uri() + "/none/", "start_wait_seconds": 0, "first_wait_seconds": 0.1}
    server = llmring_live(["dashboard", "aliases", "registry", "usage"], registry=settings)
    browser = browse(server)
    assert browser.open("/ui/aliases/edit").status == 200
    question = browser.open("/ui/aliases/bind", alias="fast", model=MINI)
    assert "The registry status of these models is not known" in question.text("main")
    assert browser.send(question, "/ui/aliases/bind").text("[role=status]")


def test_metadata_of_any_kind_does_not_disturb_the_pages(client, browser):
    bind(client, metadata=json.loads('{"a": [1.10, null, {"b": "<i>"}]}'))
    assert browser.open("/ui/aliases/history").status == 200
    assert browser.open("/ui/aliases/unbind", alias="fast").status == 200
