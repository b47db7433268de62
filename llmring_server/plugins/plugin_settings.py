"""The plugins' settings from conf tables and environment variables, and the detection of unknown ones."""

import difflib
import os
from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from llmring_server.client import KEY_VARIABLE, URL_VARIABLE
from llmring_server.errors import StartupError
from llmring_server.plugins.manager import PluginSet, installed_plugins
from llmring_server.plugins.settings_model import PluginSettings
from llmring_server.settings import CONF_VARIABLE, ENV_PREFIX, Settings, env_prefix, load_plugin_settings, variable_of

TEST_PREFIX = f"{ENV_PREFIX}TEST_"
TABLES = "tables"  # of the conf file, one per plugin
OTHERS = (CONF_VARIABLE, KEY_VARIABLE, URL_VARIABLE)


def unknown_variables(read: Mapping[str, PluginSettings]) -> list[str]:
    """Return a message for each unknown `LLMRING_*` environment variable, with a suggestion and without its value.

    `read` are the enabled plugins' settings by name. Variables of installed plugins that are not enabled are accepted.
    """
    known = [*OTHERS, *_variables(ENV_PREFIX, Settings)]
    for plugin, model in read.items():
        known += _variables(env_prefix(plugin), type(model))
    given = {name for name in map(str.upper, os.environ) if name.startswith(ENV_PREFIX)} - set(known)
    idle = tuple(env_prefix(name) for name in set(installed_plugins()) - set(read)) if given else ()
    found = []
    for name in sorted(given):
        if not name.startswith((TEST_PREFIX, *idle)):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            found.append(f"{name} is not a setting of this server and is ignored{hint}")
    return found


def read_plugin_settings(settings: Settings, plugins: PluginSet) -> dict[str, PluginSettings]:
    """Read the settings of each plugin, by name.

    Raises:
        StartupError: two owners claim one table or variable, a value is invalid, or a table has no owner.
    """
    variables = dict.fromkeys(_variables(ENV_PREFIX, Settings), "the host")
    found: dict[str, PluginSettings] = {}
    for plugin, model in plugins.call("llmring_settings", type):
        if not issubclass(model, PluginSettings):
            raise StartupError(f"{plugin}: llmring_settings returned {model!r}; return a subclass of PluginSettings")
        for variable in _variables(env_prefix(plugin.name), model):
            other = variables.setdefault(variable, str(plugin))
            if other != str(plugin):
                raise StartupError(f"setting {variable} is claimed by {other} and {plugin}; rename one")
        found[plugin.name] = load_plugin_settings(model, plugin.name, settings.tables.get(plugin.name, {}))
    _check_tables(settings, plugins, set(found))
    return found


def _check_tables(settings: Settings, plugins: PluginSet, read: set[str]) -> None:
    """Reject an unknown conf table; tables of installed plugins that are not enabled are accepted."""
    unread = set(settings.tables) - read
    idle = set(installed_plugins()) - set(plugins.names) if unread else set()
    for table in sorted(unread - idle):
        near = difflib.get_close_matches(table, read | idle, n=1)
        hint = f"; did you mean [{near[0]}]?" if near else ""
        raise StartupError(f"conf table [{table}] belongs to no plugin with settings{hint}")


def _variables(prefix: str, model: type[BaseModel]) -> Iterable[str]:
    return [variable_of(prefix, name, model) for name in model.model_fields if name != TABLES]
