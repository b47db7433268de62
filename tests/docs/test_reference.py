"""docs/reference/settings.md and cli.md are what `make docs` writes, and describe every setting and command."""

import re

import pytest
from docs_kit import generator, settings

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
