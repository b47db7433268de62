"""`docs/tutorial/first-plugin.md` against the code: exact signatures, and examples that are the files which are tested."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from llmring_server import hookspecs, testing
from llmring_server.app import compose
from llmring_server.testing import make_settings

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests" / "example_plugin"
PAGE = (ROOT / "docs" / "tutorial" / "first-plugin.md").read_text()
HOOKS = [name for name in vars(hookspecs) if name.startswith("llmring_")]
BLOCKS = dict(re.findall(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
TESTS = "".join(path.read_text() for path in sorted((ROOT / "tests").rglob("*.py")))


def signature(name):
    """Return a hook's signature as its source has it."""
    (hook,) = ast.parse(inspect.getsource(getattr(hookspecs, name))).body
    return f"{name}({ast.unparse(hook.args)}) -> {ast.unparse(hook.returns)}".replace("'", "")


def test_every_hook_is_documented_with_its_exact_signature_and_none_besides():
    documented = re.findall(r"^### `(llmring_\w+\(.*)`$", PAGE, re.MULTILINE)
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


@pytest.mark.parametrize("feature", ["aliases", "usage", "conversations", "keys"])
def test_every_call_of_a_feature_is_in_the_page_of_the_interface(feature):
    page = (ROOT / "docs" / "reference" / "http.md").read_text()
    _, routes = compose(make_settings({}), [feature])
    paths = [route.path for owner, route in routes.items() if owner == feature]
    assert paths
    missing = [path for path in paths if path.startswith("/api/") and not re.search(re.escape(path) + r"/?[`? ]", page)]
    assert missing == []


def test_every_name_of_the_test_kit_is_there_and_the_fixtures_are_documented():
    for name in testing.__all__:
        assert hasattr(testing, name), name
    for name in re.findall(r"^\| `(\w+)", PAGE, re.MULTILINE):
        assert name in testing.__all__
