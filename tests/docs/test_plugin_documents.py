"""The documents for plugin authors: exact signatures, and examples that are the tested files."""

import ast
import importlib
import inspect
import pkgutil
import re
from typing import Protocol

import pytest
from docs_kit import ROOT, read

from llmring_server import contracts, pytest_plugin, testing
from llmring_server.plugins import hookspecs

EXAMPLE = ROOT / "tests" / "example_plugin"
REFERENCE = read("docs/reference/hooks.md")
TUTORIAL = read("docs/tutorial/first-plugin.md")
HOOKS = [name for name in vars(hookspecs) if name.startswith("llmring_")]
BLOCKS = dict(re.findall(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL))
TESTS = "".join(path.read_text() for path in sorted((ROOT / "tests").rglob("*.py")))


def signature(name):
    """Return a hook's signature as its source has it."""
    (hook,) = ast.parse(inspect.getsource(getattr(hookspecs, name))).body
    return f"{name}({ast.unparse(hook.args)}) -> {ast.unparse(hook.returns)}".replace("'", "")


def test_every_hook_is_documented_with_its_exact_signature_and_none_besides():
    documented = re.findall(r"^### `(llmring_\w+\(.*)`$", REFERENCE, re.MULTILINE)
    assert documented == [signature(name) for name in HOOKS]


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_says_what_it_is_for(name):
    assert inspect.getdoc(getattr(hookspecs, name))


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_implemented_by_some_plugin_of_the_tests(name):
    assert re.search(rf"def {name}\(|[( ]{name}=", TESTS)


@pytest.mark.parametrize("path", sorted(BLOCKS))
def test_a_documented_file_is_the_one_that_is_tested(path):
    assert BLOCKS[path].rstrip() == (EXAMPLE / path).read_text().rstrip()


def test_every_file_of_the_example_is_documented():
    files = {path for path in EXAMPLE.rglob("*.*") if path.suffix in (".py", ".sql", ".toml")}
    assert {str(path.relative_to(EXAMPLE)) for path in files} == set(BLOCKS)


def test_every_name_of_the_test_kit_is_there_and_the_fixtures_are_documented():
    for name in testing.__all__:
        assert hasattr(testing, name), name
    kit = REFERENCE.partition("\n## Test kit\n")[2]
    documented = re.findall(r"^\| `(\w+)", kit, re.MULTILINE)
    assert len(documented) > 5
    assert [name for name in documented if not hasattr(testing, name) and not hasattr(pytest_plugin, name)] == []


def test_every_contract_is_documented_and_none_besides():
    names = [f"{contracts.__name__}.{module.name}" for module in pkgutil.iter_modules(contracts.__path__)]
    protocols = {
        f"{module.__name__}.{name}".removeprefix(f"{contracts.__name__}.")
        for module in [contracts, *map(importlib.import_module, names)]
        for name, found in vars(module).items()
        if inspect.isclass(found) and found.__module__ == module.__name__ and Protocol in found.__bases__
    }
    rows = REFERENCE.partition("\n## Contracts\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([\w.]+)`", rows, re.MULTILINE)) == protocols | {"serving.FrontPage"}
