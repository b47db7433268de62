"""The registry pages: search, comparison, changes between two versions, and models in use."""

import json

import pytest
from dashboard_kit import MARKUP

from llmring_server.contracts import PriceList
from llmring_server.testing import eventually

MINI, FOUR = "openai:gpt-5-mini", "openai:gpt-4o"


@pytest.fixture
def serve(llmring_live, small_registry):
    """Give a function that starts a server on the small registry."""

    def start(*plugins, **settings):
        given = {"base_url": small_registry.as_uri() + "/", "retry_seconds": 0.1, **settings}
        return llmring_live(["dashboard", "registry", *plugins], registry=given)

    return start


@pytest.fixture
def edit(small_registry):
    """Give a function that edits the models of a provider's file."""

    def change(work, provider="openai"):
        file = small_registry / provider / "models.json"
        document = json.loads(file.read_text())
        work(document["models"])
        file.write_text(json.dumps(document))

    return change


def listed(page):
    return [row[1].split()[0] for row in page.words("#models")]


def log(client, **members):
    call = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100}
    assert client.post("/api/v1/log", json={**call, **members}).status_code == 200


def test_every_model_is_listed_with_its_prices(serve, browse):
    server = serve()
    page = browse(server).open("/ui/registry")
    models = server.client().get("/registry").json()["models"]
    assert listed(page) == sorted(models)
    row = {one[1]: one for one in page.words("#models")}[MINI]
    assert row[2:6] == ["Active", "$0.25", "$0.025", "$2.00"]
    assert page.text("#version") == server.client().get("/registry").json()["version"]


def test_models_are_found_by_name_provider_capability_and_status(serve, browse):
    server = serve()
    browser, models = browse(server), server.client().get("/registry").json()["models"]
    assert listed(browser.open("/ui/registry", q="GPT-4O")) == sorted(key for key in models if "gpt-4o" in key)
    assert listed(browser.open("/ui/registry", q="claude-sonnet-4-5"))  # by an alias of the provider
    assert {key.partition(":")[0] for key in listed(browser.open("/ui/registry", provider="google"))} == {"google"}
    able = sorted(key for key, model in models.items() if model.get("supports_vision"))
    assert listed(browser.open("/ui/registry", capability="vision")) == able
    outdated = [key for key, model in models.items() if model.get("is_active") is False]
    assert listed(browser.open("/ui/registry", status="outdated")) == outdated
    assert set(listed(browser.open("/ui/registry", status="current"))) == set(models) - set(outdated)
    assert "No matching models" in browser.open("/ui/registry", q="nowhere").text("main")


def test_models_are_sorted_by_price(serve, browse, edit):
    edit(lambda models: models["openai:gpt-4o"].update(dollars_per_million_tokens_input=None))
    server = serve()
    page = browse(server).open("/ui/registry", order="input")
    rates = [row[3] for row in page.words("#models")]
    known = [float(rate[1:]) for rate in rates if rate != "–"]
    assert known == sorted(known)
    assert rates[: len(known)] == [rate for rate in rates if rate != "–"]
    assert FOUR in listed(page)[len(known) :]


def test_selected_models_are_compared_side_by_side(serve, browse):
    browser = browse(serve())
    page = browser.open("/ui/registry/compare", model=[MINI, "google:gemini-2.5-pro"])
    assert page.head("#comparison") == ["Property", MINI, "google:gemini-2.5-pro"]
    rows = {row[0]: row[1:] for row in page.words("#comparison")}
    assert rows["Input"] == ["$0.25", "$1.25"]
    assert rows["Long-context threshold"] == ["–", "200,000"]
    assert "Reasoning" not in rows
    assert browser.open("/ui/registry/compare", model=MINI).head("#comparison") == ["Property", MINI]


def test_a_comparison_names_unknown_models(serve, browse):
    browser = browse(serve())
    assert "Nothing to compare" in browser.open("/ui/registry/compare").text("main")
    assert "Not in the registry: openai:nowhere" in browser.open("/ui/registry/compare", model="openai:nowhere").text(
        "main"
    )
    many = [f"openai:m{n}" for n in range(7)]
    assert browser.open("/ui/registry/compare", model=many).status == 422


def test_what_changed_between_two_versions_is_shown_model_by_model(serve, browse, edit):
    server = serve()
    browser = browse(server)
    before = server.client().get("/registry").json()["version"]

    def change(models):
        models["openai:new"] = {"dollars_per_million_tokens_input": 1, "dollars_per_million_tokens_output": 2}
        del models["openai:gpt-4o-2024-05-13"]
        models[FOUR]["dollars_per_million_tokens_input"] = 2.0

    edit(change)
    server.run(server.server.service(PriceList).refresh())
    after = eventually(lambda: (found := server.client().get("/registry").json()["version"]) != before and found)
    form = browser.open("/ui/registry/changes")
    assert not form.page.css("table")
    page = browser.send(form, "/ui/registry/changes")
    assert (page.field("#field-before option[selected]"), page.field("#field-after option[selected]")) == (
        before,
        after,
    )
    assert page.words("#added") == [["openai:new", "Active", "$1.00", "$2.00"]]
    assert [row[0] for row in page.words("#removed")] == ["openai:gpt-4o-2024-05-13"]
    assert page.words("#changed") == [[FOUR, "dollars_per_million_tokens_input", "2.5", "2.0"]]
    same = browser.send(form, "/ui/registry/changes", before=before, after=before)
    assert "No changes" in same.text("main")


def test_a_providers_archived_versions_can_be_compared(serve, browse):
    browser = browse(serve())
    page = browser.open("/ui/registry/changes", before="openai.1", after="openai.3")
    assert page.status == 200
    assert page.page.css("#added, #removed, #changed")
    chosen = [option.attributes["value"] for option in page.page.css("main option[selected]")]
    assert chosen == ["openai.1", "openai.3"]


@pytest.mark.parametrize(("before", "after", "status"), [("x", "openai.1", 404), ("openai.1", "google.1", 422)])
def test_versions_that_cannot_be_compared_are_refused(serve, browse, before, after, status):
    assert browse(serve()).open("/ui/registry/changes", before=before, after=after).status == status


def test_models_in_use_that_need_attention_come_first(serve, browse):
    server = serve("usage", "aliases")
    client, browser = server.client("one"), browse(server)
    models = client.get("/registry").json()["models"]
    [outdated] = [key for key, model in models.items() if model.get("is_active") is False]
    log(client, cost=0.5)
    log(client)
    log(client, provider="google", model=outdated.partition(":")[2])
    log(client, model="gone-model", cost=0.25)
    log(server.client("two"), model="theirs")
    for alias, model in {"fast": MINI, "old": f"{outdated},{FOUR}", "lost": "openai:never"}.items():
        client.post("/api/v1/aliases/bind", json={"alias": alias, "model": model})
    page = browser.open("/ui/registry/in-use")
    rows = {row[0]: row[1:] for row in page.words("#in-use")}
    assert list(rows) == ["gone-model", "openai:never", outdated, MINI, FOUR]
    assert rows["gone-model"][:2] == ["Not in the registry", "1"]
    assert rows["openai:never"] == ["Not in the registry", "0", "$0.00", "lost (default)"]
    assert rows[outdated] == ["No longer active, deprecated 2026-06-01", "1", rows[outdated][2], "old (default)"]
    assert (rows[MINI][:2], rows[MINI][3]) == (["Active", "2"], "fast (default)")
    assert rows[FOUR][3] == "old (default)"
    assert page.text("#worrying").startswith("3 of 5 need attention")
    assert page.rows("#in-use")[0][3] == "0.25"


def test_a_model_whose_calls_are_all_unpriced_has_no_cost(serve, browse):
    server = serve("usage")
    log(server.client("one"), model="gone-model")
    [row] = browse(server).open("/ui/registry/in-use").words("#in-use")
    assert (row[2], row[3]) == ("1", "unpriced")


def test_a_model_used_by_an_alias_has_its_listed_name_too(serve, browse):
    server = serve("usage", "aliases")
    client = server.client("one")
    log(client, provider="anthropic", model="claude-sonnet-4-5")
    [row] = browse(server).open("/ui/registry/in-use").words("#in-use")
    assert row[0].startswith("anthropic:claude-sonnet-4-5 listed as anthropic:claude-sonnet-4-5-")


def test_of_a_model_with_very_many_aliases_some_are_named_and_the_rest_counted(serve, browse):
    server = serve("aliases")
    body = [{"alias": f"a{n:02}", "model": MINI} for n in range(25)]
    assert server.client("one").post("/api/v1/aliases/bulk_upsert", json=body).status_code == 200
    [row] = browse(server).open("/ui/registry/in-use").words("#in-use")
    assert row[4].startswith("a00 (default), a01 (default)")
    assert row[4].endswith("a19 (default) and 5 more")


def test_of_very_many_models_the_first_are_shown_and_the_rest_counted(serve, browse):
    server = serve("aliases")
    body = [{"alias": f"a{n:03}", "model": f"openai:gone-{n:03}"} for n in range(501)] + [{"alias": "b", "model": MINI}]
    assert server.client("one").post("/api/v1/aliases/bulk_upsert", json=body).status_code == 200
    page = browse(server).open("/ui/registry/in-use")
    assert [row[0] for row in page.words("#in-use")] == [f"openai:gone-{n:03}" for n in range(500)]
    assert page.text("#left-out").startswith("2 more are in use")
    assert page.text("#worrying").startswith("501 of 502 need attention")


def test_models_in_use_come_from_the_enabled_features(serve, browse):
    alone = browse(serve()).open("/ui/registry/in-use")
    assert "Neither usage nor aliases is enabled" in alone.text("main")
    empty = browse(serve("aliases")).open("/ui/registry/in-use")
    assert "No models in use" in empty.text("main")
    assert "Based on aliases." in empty.text("main")


def test_without_a_registry_copy_the_pages_are_503_with_the_reason(llmring_live, browse, tmp_path):
    settings = {"base_url": tmp_path.as_uri() + "/none/", "start_wait_seconds": 0, "first_wait_seconds": 0.1}
    browser = browse(llmring_live(["dashboard", "registry"], registry=settings))
    for path in ("/ui/registry", "/ui/registry/compare", "/ui/registry/changes"):
        page = browser.open(path)
        assert page.status == 503
        assert "No price list yet" in page.text("[role=alert]")
        assert page.answer.headers["retry-after"]


def test_a_stale_copy_has_a_warning(serve, browse, small_registry):
    server = serve()
    (small_registry / "openai" / "models.json").write_text("not json")
    server.run(server.server.service(PriceList).refresh())
    browser = browse(server)
    page = browser.open("/ui/registry")
    assert page.status == 200
    assert "The source is unavailable" in page.text("main")
    assert MINI in listed(page)


def test_markup_is_shown_as_text(serve, browse, edit):
    def change(models):
        models[f"openai:{MARKUP}"] = {
            "display_name": MARKUP, "deprecated_date": MARKUP, "model_aliases": [MARKUP], f"supports_{MARKUP}": True,
        }  # fmt: skip

    edit(change)
    server = serve("usage", "aliases")
    log(server.client("one"), model=MARKUP)
    browser = browse(server)
    pages = [
        browser.open("/ui/registry", q=MARKUP),
        browser.open("/ui/registry/compare", model=f"openai:{MARKUP}"),
        browser.open("/ui/registry/changes", before="openai.2", after="openai.3"),
        browser.open("/ui/registry/in-use"),
    ]
    for page in pages:
        assert page.status == 200
        assert not page.page.css("main img, main script")
        assert MARKUP in page.text("main")
