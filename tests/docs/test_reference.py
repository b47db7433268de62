"""The generated pages are what `make docs` writes, and describe every setting, command and public name."""

import re

import pytest
from docs_kit import generator, settings

from llmring_server import plugin_api

generate = generator()
SETTINGS = settings(generate)


@pytest.mark.parametrize("page", generate.PAGES, ids=lambda page: page.name)
def test_a_generated_page_is_current(page):
    assert page.read_text(encoding="utf-8") == generate.rendered(page), "run `make docs`"


@pytest.mark.parametrize("variable", SETTINGS)
def test_every_setting_has_a_description(variable):
    assert re.fullmatch(r"[A-Z`].*\.", SETTINGS[variable].description or "", re.DOTALL)


def test_every_setting_has_one_row():
    rows = re.findall(r"^\| `(LLMRING_\w+)` \|", generate.settings_tables(), re.MULTILINE)
    assert sorted(rows) == sorted(SETTINGS)


def test_every_command_has_one_section():
    titles = re.findall(r"^### `llmring-server ([\w -]+)`$", generate.commands(), re.MULTILINE)
    assert len(titles) == len(set(titles))
    assert {"serve", "migrate", "db run", "usage verify", "keys create", "tlog export", "witness"} <= set(titles)


def test_every_name_of_the_plugin_api_has_one_section():
    text, _, _ = generate.plugin_api_names().partition("\n## ")
    titles = re.findall(r"^### `(?:await |async with |with )?(\w+)", text, re.MULTILINE)
    assert titles == plugin_api.__all__


def test_every_contract_has_one_section():
    text = generate.plugin_api_names()
    for name in generate.contract_modules():
        assert f"\n## `{name}`\n" in text
    assert "\n### `Authenticator`\n" in text
    assert "| `await current_identity(" in text
