"""docs/reference/settings.md and cli.md are what `make docs` writes, and describe every setting and command."""

import importlib.util
import re
from pathlib import Path

import pytest

from llmring_server.settings import ENV_PREFIX, Settings, env_prefix

DOCS = Path(__file__).parents[2] / "docs"
spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)


def fields():
    """Return every setting as variable → field."""
    found = {f"{ENV_PREFIX}{name.upper()}": field for name, field in Settings.model_fields.items() if name != "tables"}
    for plugin, model in generate.builtin_plugins().each("llmring_settings", type):
        found |= {f"{env_prefix(plugin.name)}{name.upper()}": field for name, field in model.model_fields.items()}
    return found


@pytest.mark.parametrize("page", generate.PAGES, ids=lambda page: page.name)
def test_a_generated_page_is_current(page):
    assert page.read_text(encoding="utf-8") == generate.rendered(page), "run `make docs`"


@pytest.mark.parametrize("variable", fields())
def test_every_setting_has_a_description(variable):
    assert re.fullmatch(r"[A-Z`].*\.", fields()[variable].description or "", re.DOTALL)


def test_every_setting_has_one_row():
    rows = re.findall(r"^\| `(LLMRING_\w+)` \|", generate.settings_tables(), re.MULTILINE)
    assert sorted(rows) == sorted(fields())


def test_every_command_has_one_section():
    titles = re.findall(r"^### `llmring-server ([\w -]+)`$", generate.commands(), re.MULTILINE)
    assert len(titles) == len(set(titles))
    assert {"serve", "migrate", "db run", "usage verify", "keys create", "tlog export", "witness"} <= set(titles)
