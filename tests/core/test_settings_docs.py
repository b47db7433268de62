"""docs/how-to/data-retention.md against the settings: every variable of the host and of every plugin, with its default."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from llmring_server.plugins import installed, load
from llmring_server.settings import ENV_PREFIX, MEBIBYTE, Settings, env_prefix

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "data-retention.md").read_text()
SETTINGS = PAGE.partition("\n## Settings\n")[2].partition("\n## ")[0]
DOCUMENTED = dict(re.findall(r"^\| `(LLMRING_\w+)` \| ([^|]+) \|", SETTINGS, re.MULTILINE))


def fields():
    """Return every setting as variable → field; `tables` is how plugins' settings get there, no setting."""
    found = {f"{ENV_PREFIX}{name.upper()}": field for name, field in Settings.model_fields.items() if name != "tables"}
    ours = [name for name, point in installed().items() if point.dist.name == "llmring-server"]
    for plugin, model in load(ours).each("llmring_settings", type):
        found |= {f"{env_prefix(plugin.name)}{name.upper()}": field for name, field in model.model_fields.items()}
    return found


def said(default):
    """Return how the page writes a default, or how that begins."""
    if default is None or default == ():
        return "unset"
    if isinstance(default, SecretStr):
        return "empty"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, int | float):
        return f"{default // MEBIBYTE} MiB" if default >= MEBIBYTE else f"{default:,.12g}"
    return f"`{','.join(default) if isinstance(default, tuple) else default}`"


def test_every_variable_is_documented_and_none_besides():
    assert set(DOCUMENTED) == set(fields())


@pytest.mark.parametrize("variable", sorted(DOCUMENTED))
def test_the_documented_default_is_the_one_in_the_code(variable):
    field = fields()[variable]
    if field.default_factory is None:  # one that is made depends on the machine
        assert DOCUMENTED[variable].startswith(said(field.default))
