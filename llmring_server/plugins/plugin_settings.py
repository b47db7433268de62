"""Who reads which setting: every plugin's conf table and environment variables, and those that nobody reads."""

import difflib
import os
from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from llmring_server.client import KEY_VARIABLE, URL_VARIABLE
from llmring_server.errors import StartupError
from llmring_server.plugins.manager import PluginSet, installed
from llmring_server.settings import (
    CONF_VARIABLE,
    ENV_PREFIX,
    PluginSettings,
    Settings,
    env_prefix,
    load_plugin_settings,
)

TEST_PREFIX = f"{ENV_PREFIX}TEST_"
TABLES = "tables"  # of the conf file, each its plugin's
OTHERS = (CONF_VARIABLE, KEY_VARIABLE, URL_VARIABLE)


def unknown_variables(read: Mapping[str, PluginSettings]) -> list[str]:
    """Say which `LLMRING_*` variables of the environment nobody reads, and what may have been meant; no value is said.

    `read` are the enabled plugins' settings by name. Variables of a plugin that is installed but not enabled may stand.
    """
    known = [*OTHERS, *_variables(ENV_PREFIX, Settings)]
    for plugin, model in read.items():
        known += _variables(env_prefix(plugin), type(model))
    given = {name for name in map(str.upper, os.environ) if name.startswith(ENV_PREFIX)} - set(known)
    idle = tuple(env_prefix(name) for name in set(installed()) - set(read)) if given else ()
    found = []
    for name in sorted(given):
        if not name.startswith((TEST_PREFIX, *idle)):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            found.append(f"{name} is no setting of this server and is passed over{hint}")
    return found


def read_plugin_settings(settings: Settings, plugins: PluginSet) -> dict[str, PluginSettings]:
    """Build each plugin's settings, by its name.

    Raises:
        StartupError: two owners claim one table or variable, a value does not fit, or a table has no owner.
    """
    variables = dict.fromkeys(_variables(ENV_PREFIX, Settings), "the host")
    found: dict[str, PluginSettings] = {}
    for plugin, model in plugins.call("llmring_settings", type):
        if not issubclass(model, PluginSettings):
            raise StartupError(f"{plugin}: llmring_settings gave {model!r}; give a subclass of PluginSettings")
        for variable in _variables(env_prefix(plugin.name), model):
            other = variables.setdefault(variable, str(plugin))
            if other != str(plugin):
                raise StartupError(f"setting {variable} is claimed by {other} and {plugin}; rename one")
        found[plugin.name] = load_plugin_settings(model, plugin.name, settings.tables.get(plugin.name, {}))
    _check_tables(settings, plugins, set(found))
    return found


def _check_tables(settings: Settings, plugins: PluginSet, read: set[str]) -> None:
    """Refuse a conf table that nobody reads; one of a plugin that is installed but not enabled may stand."""
    unread = set(settings.tables) - read
    idle = set(installed()) - set(plugins.names) if unread else set()
    for table in sorted(unread - idle):
        near = difflib.get_close_matches(table, read | idle, n=1)
        hint = f"; did you mean [{near[0]}]?" if near else ""
        raise StartupError(f"conf table [{table}] belongs to no plugin with settings{hint}")


def _variables(prefix: str, model: type[BaseModel]) -> Iterable[str]:
    return [prefix + name.upper() for name in model.model_fields if name != TABLES]
