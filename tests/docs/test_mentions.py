"""Commands, options, settings, Python names and make targets that documents mention exist."""

import pkgutil
import re

import click
import pytest
from docs_kit import PAGES, blocks, code, generator, name_of, read, settings

from llmring_receipts.__main__ import main as offline
from llmring_server.cli.main import main as host
from llmring_server.settings import load_settings

generate = generator()
HOST = {
    **host.commands,
    **{c.name: c for _, c in generate.builtin_plugins().call_flat("llmring_commands", click.Command)},
}
ROOTS = {
    "llmring-server": click.Group(commands=HOST, params=host.params),
    "python -m llmring_receipts": offline,
}
MENTION = re.compile(rf"\b({'|'.join(ROOTS)})\b((?: +[\w./\[\]<>=…:,+*-]+)*)")
NOT_COMMANDS = (
    "docker build",  # the image has the program's name
    "llmring-server conversation content",  # the prefix of a digest
    "llmring-server spending",  # the command of the tutorial's plugin
)
NOT_MODULES = {"llmring_server.access"}  # a logger
KNOWN_VARIABLES = {
    *settings(generate),
    "LLMRING_CONF", "LLMRING_SERVER_URL", "LLMRING_API_KEY", "LLMRING_ADOPT_KEY", "LLMRING_EXAMPLE_LIMIT",
    "LLMRING_TEST_DATABASE_URL", "LLMRING_TEST_CITUS_URL", "LLMRING_TEST_PYTHON312",
}  # fmt: skip


def fault(program, words):
    """Return what a mentioned command line has that the program has not, or None."""
    command, path = ROOTS[program], program
    for word in words:
        word = word.strip("[]")
        options = {option for param in command.params for option in param.opts}
        if word.startswith("--"):
            if word.partition("=")[0] not in options | {"--help"}:
                return f"{path} {word}"
        elif isinstance(command, click.Group):
            if word not in command.commands:
                return f"{path} {word}"
            command, path = command.commands[word], f"{path} {word}"
        if command is HOST["db"].commands["run"]:
            return None  # what follows is another program's
    return None


def mentions(page):
    """Return the command lines in a page's code."""
    lines = [line for line in code(page) if not any(text in line for text in NOT_COMMANDS)]
    return [(match[1], match[2].split()) for line in lines if (match := MENTION.search(line))]


def test_mentions_are_found():
    assert sum(len(mentions(page)) for page in PAGES) > 100


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_and_option_exists(page):
    assert [found for mention in mentions(page) if (found := fault(*mention))] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_variable_exists(page):
    named = set(re.findall(r"\bLLMRING_[A-Z0-9_]*[A-Z0-9]\b(?!_)", page.read_text(encoding="utf-8")))
    assert named - KNOWN_VARIABLES == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_python_name_can_be_imported(page):
    for name in set(re.findall(r"\bllmring_server(?:\.\w+)+", page.read_text(encoding="utf-8"))) - NOT_MODULES:
        assert pkgutil.resolve_name(name)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_exists(page):
    targets = set(re.findall(r"^([a-z-]+):.*##", read("Makefile"), re.MULTILINE))
    assert {match for line in code(page) for match in re.findall(r"\bmake ([a-z-]+)", line)} <= targets


def test_the_conf_file_of_the_example_is_valid(tmp_path, monkeypatch):
    (example,) = blocks("docs/reference/settings.md", "toml")
    (tmp_path / "example.toml").write_text(example)
    monkeypatch.setenv("LLMRING_CONF", str(tmp_path / "example.toml"))
    found = load_settings()
    assert found.plugins == ("registry", "aliases", "usage")
    assert found.tables == {"usage": {"timezone": "Europe/Madrid"}}
