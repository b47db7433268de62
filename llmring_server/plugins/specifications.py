"""Hooks and events that plugins declare, besides the host's own."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import pluggy

from llmring_server.errors import StartupError
from llmring_server.plugins import hookspecs

HOOK = "llmring_hookspecs"
EVENT_ARGUMENTS = ["server", "entries"]
Specifications = dict[str, Callable[..., Any]]


class Declaring(Protocol):
    """A plugin that may declare hooks."""

    @property
    def name(self) -> str:
        """Its name in the conf file."""
        ...

    @property
    def implementation(self) -> Any:
        """The object with its hooks."""
        ...


def add_specifications(manager: pluggy.PluginManager, plugins: Iterable[Declaring]) -> Specifications:
    """Add the host's hooks, then those that plugins declare, and return all by name.

    Raises:
        StartupError: a declared hook does not begin with its plugin's name, or a plugin declares none.
    """
    found = _add(manager, hookspecs)
    for plugin in plugins:
        declare = getattr(plugin.implementation, HOOK, None)
        if declare is not None and manager.parse_hookimpl_opts(plugin.implementation, HOOK) is not None:
            found |= _declared(manager, plugin, declare())
    return found


def is_event(specification: Callable[..., Any]) -> bool:
    """Whether a hook is an event: a coroutine function of a server and entries."""
    arguments = list(inspect.signature(specification).parameters)
    return inspect.iscoroutinefunction(specification) and arguments[-2:] == EVENT_ARGUMENTS


def _declared(manager: pluggy.PluginManager, plugin: Declaring, declared: Any) -> Specifications:
    prefix = plugin.name.replace("-", "_") + "_"
    try:
        own = _add(manager, declared)
    except ValueError as error:
        raise StartupError(f"{plugin}: {HOOK} returned {declared!r}, which has no `hookspec`") from error
    other = next((name for name in own if not name.startswith(prefix)), None)
    if other is not None:
        raise StartupError(f"{plugin}: the hook {other!r} must begin with {prefix!r}")
    return own


def _add(manager: pluggy.PluginManager, namespace: Any) -> Specifications:
    manager.add_hookspecs(namespace)
    return {
        name: getattr(namespace, name)
        for name in dir(namespace)
        if manager.parse_hookspec_opts(namespace, name) is not None
    }
