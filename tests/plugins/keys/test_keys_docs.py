"""docs/how-to/managed-keys.md against the code."""

import re
from pathlib import Path

from llmring_keys.commands import keys
from llmring_keys.models import EVERY_SCOPE, Key
from llmring_server.app import compose
from llmring_server.testing import make_settings

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "managed-keys.md").read_text()


def test_every_command_is_documented_and_none_besides():
    assert set(re.findall(r"llmring-server keys (\w+)", PAGE)) == set(keys.commands)


def test_every_option_that_is_shown_is_there():
    options = {option for command in keys.commands.values() for param in command.params for option in param.opts}
    assert set(re.findall(r"--[a-z][a-z-]+", PAGE)) <= options


def test_every_scope_is_documented():
    assert tuple(re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)) == EVERY_SCOPE


def test_every_route_is_documented():
    _, routes = compose(make_settings({}), ["keys"])
    calls = {f"{method} {r.path}" for owner, r in routes.items() if owner == "keys" for method in r.responders()}
    assert {f"{m} {path}" for m, path in re.findall(r"^\| (\w+) `([^` ?]+)", PAGE, re.MULTILINE)} == calls


def test_every_member_of_a_key_is_documented():
    (listed,) = re.findall(r"list of `\{([^}]+)\}`", PAGE)
    assert listed.split(", ") == list(Key.__struct_fields__)
