"""The documents as tests read them: pages, code blocks, links and headings."""

import importlib.util
import re
from pathlib import Path

from llmring_server.settings import ENV_PREFIX, Settings, env_prefix, variable_of

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
FENCE = re.compile(r"^```([\w-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def name_of(page):
    """Return a page's path in the repository, for test ids and messages."""
    return str(page.relative_to(ROOT))


def read(path):
    """Return the text of a file, named by its path in the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


def blocks(path, language):
    """Return a page's code blocks in a language, in order."""
    return [code for found, code in FENCE.findall(read(path)) if found == language]


def prose(page):
    """Return a page's text without its code blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page):
    """Return the anchors that GitHub gives a page's headings."""
    found = []
    for heading in HEADING.findall(prose(page)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return set(found)


def code(page):
    """Return a page's code spans and the lines of its code blocks."""
    lines = [line for _, block in FENCE.findall(page.read_text(encoding="utf-8")) for line in block.splitlines()]
    return [*re.findall(r"`([^`]+)`", prose(page)), *lines]


def generator():
    """Return docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def settings(generate):
    """Return every setting as variable → field."""
    found = {f"{ENV_PREFIX}{name.upper()}": field for name, field in Settings.model_fields.items() if name != "tables"}
    for plugin, model in generate.builtin_plugins().call("llmring_settings", type):
        found |= {
            variable_of(env_prefix(plugin.name), name, model): field for name, field in model.model_fields.items()
        }
    return found
