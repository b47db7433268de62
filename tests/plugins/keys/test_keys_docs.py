"""The documents of managed keys match the code."""

import re
from pathlib import Path

from llmring_keys.commands import keys
from llmring_keys.models import ALL_SCOPES, ProjectKey

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "how-to" / "managed-keys.md").read_text()
HTTP = (DOCS / "reference" / "http.md").read_text()


def test_exactly_the_existing_commands_are_documented():
    assert set(re.findall(r"llmring-server keys (\w+)", PAGE)) == set(keys.commands)


def test_every_documented_option_exists():
    options = {option for command in keys.commands.values() for param in command.params for option in param.opts}
    assert set(re.findall(r"--[a-z][a-z-]+", PAGE)) <= options


def test_every_scope_is_documented():
    assert tuple(re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)) == ALL_SCOPES


def test_every_field_of_a_key_is_documented():
    (listed,) = re.findall(r"list of `\{([^}]+)\}`", HTTP)
    assert listed.split(", ") == list(ProjectKey.__struct_fields__)
