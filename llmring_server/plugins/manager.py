"""Loading of plugins by name, with all checks that are possible before the server listens, and calls of their hooks."""

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from types import TracebackType
from typing import Any

import click
import msgspec
import pluggy

from llmring_server.errors import StartupError
from llmring_server.plugins import hookspecs
from llmring_server.plugins.api_version import find_requirement_fault
from llmring_server.plugins.specifications import add_specifications, is_event

GROUP = "llmring_server.plugins"
CORE = "llmring-server"
UNKNOWN = "unknown"
REJECTED_OPTIONS = ("tryfirst", "trylast", "wrapper", "hookwrapper")


class Plugin(msgspec.Struct, frozen=True):
    """One plugin: its name in the conf file, the object with its hooks, and the distribution that contains it."""

    name: str
    implementation: Any
    distribution: str = "given in code"
    version: str = ""

    @property
    def package(self) -> str:
        """The top-level package of its code, for attributing tracebacks."""
        return str(getattr(self.implementation, "__name__", type(self.implementation).__module__)).partition(".")[0]

    @property
    def bundled(self) -> bool:
        """Whether it is in the server's own distribution."""
        return self.distribution == CORE

    def __str__(self) -> str:
        return f"plugin {self.name!r} (distribution {self.distribution})"


class PluginSet:
    """The enabled plugins in conf order, and calls of their hooks with the owner of each result."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self.plugins = tuple(plugins)
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._specifications = add_specifications(self._manager, self.plugins)
        self._callers_by_hook: dict[str, list[tuple[Plugin, pluggy.HookCaller]]] = {}
        for plugin in reversed(self.plugins):
            self._register(plugin)

    @property
    def names(self) -> list[str]:
        """The names of the enabled plugins, in conf order."""
        return [plugin.name for plugin in self.plugins]

    def hooks_of(self, plugin: Plugin) -> list[str]:
        """Return the names of the hooks that a plugin implements."""
        return sorted(caller.name for caller in self._manager.get_hookcallers(plugin.implementation) or ())

    def call(self, hook: str, kind: Any, **arguments: object) -> Iterator[tuple[Plugin, Any]]:
        """Call a set-up hook of every plugin that implements it, in conf order, and yield the owner with each value.

        Raises:
            StartupError: an implementation raised, or did not return a `kind`; the message names it.
        """
        for plugin, call in self._implementations(hook, arguments):
            with _attribute_errors(plugin, hook):
                value = call()
            _expect(plugin, hook, value, kind)
            yield plugin, value

    def call_flat(self, hook: str, kind: Any, **arguments: object) -> Iterator[tuple[Plugin, Any]]:
        """Do as `call` for a hook that returns several values, and yield the owner with each of them.

        Raises:
            StartupError: as `call`, or one of the values is not a `kind`.
        """
        for plugin, values in self.call(hook, Iterable, **arguments):
            with _attribute_errors(plugin, hook):
                found = list(values)
            for value in found:
                _expect(plugin, hook, value, kind)
                yield plugin, value

    def callers(self, hook: str) -> list[tuple[Plugin, Callable[..., Any]]]:
        """Return, for each plugin that implements a hook, a function that calls it alone, in conf order."""
        return [(plugin, functools.partial(_call_one, caller)) for plugin, caller in self._callers(hook)]

    def listeners(self) -> dict[str, list[tuple[str, Callable[..., Any]]]]:
        """Return, for each event, the functions of its listeners with the names of their plugins, in conf order."""
        events = [name for name, specified in self._specifications.items() if is_event(specified)]
        return {event: [(plugin.name, call) for plugin, call in self.callers(event)] for event in events}

    def owner(self, traceback: TracebackType | None) -> str | None:
        """Return the plugin of the innermost traceback frame that is in a plugin's code."""
        packages = {plugin.package: plugin.name for plugin in self.plugins}
        found = None
        while traceback is not None:
            module = str(traceback.tb_frame.f_globals.get("__name__", ""))
            found = packages.get(module.partition(".")[0], found)
            traceback = traceback.tb_next
        return found

    def _implementations(self, hook: str, arguments: dict[str, object]) -> Iterator[tuple[Plugin, Callable[[], Any]]]:
        for plugin, caller in self._callers(hook):
            yield plugin, functools.partial(_call_one, caller, **arguments)

    def _callers(self, hook: str) -> list[tuple[Plugin, pluggy.HookCaller]]:
        """Return, for each plugin that implements a hook, a caller for it alone, so that results have owners."""
        if hook not in self._callers_by_hook:
            implementing = {found.plugin_name for found in getattr(self._manager.hook, hook).get_hookimpls()}
            self._callers_by_hook[hook] = [
                (plugin, self._manager.subset_hook_caller(hook, self._others(plugin)))
                for plugin in self.plugins
                if plugin.name in implementing
            ]
        return self._callers_by_hook[hook]

    def _others(self, plugin: Plugin) -> list[Any]:
        return [other.implementation for other in self.plugins if other is not plugin]

    def _register(self, plugin: Plugin) -> None:
        fault = find_requirement_fault(getattr(plugin.implementation, "requires", "api>=1"))
        if fault:
            raise StartupError(f"{plugin}: {fault}")
        try:
            self._manager.register(plugin.implementation, plugin.name)
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise StartupError(f"{plugin}: {_one_line(error)}{self._suggest_hook(plugin)}") from error
        except ValueError as error:
            raise StartupError(f"{plugin} is listed twice in plugins") from error
        for caller in self._manager.get_hookcallers(plugin.implementation) or ():
            if caller.has_spec():
                self._check(plugin, caller)

    def _check(self, plugin: Plugin, caller: Any) -> None:
        """Reject async/sync mismatches and ordering options, which pluggy accepts."""
        implementation = next(i for i in caller.get_hookimpls() if i.plugin_name == plugin.name)
        wanted = inspect.iscoroutinefunction(self._specifications[caller.name])
        if inspect.iscoroutinefunction(implementation.function) != wanted:
            remedy = "make it `async def`" if wanted else "make it a plain `def`"
            raise StartupError(f"{plugin}: {caller.name} {'is not' if wanted else 'is'} a coroutine function; {remedy}")
        marked = [option for option in REJECTED_OPTIONS if getattr(implementation, option, False)]
        if marked:
            raise StartupError(f"{plugin}: {caller.name} is marked {marked[0]}; only the order in conf decides")

    def unmarked_hooks(self) -> list[str]:
        """Return a message for each function that is named like a hook and is not marked with `hookimpl`."""
        return [
            f"{plugin}: {name} is not marked with hookimpl and is not called"
            for plugin in self.plugins
            for name, member in inspect.getmembers(plugin.implementation, inspect.isroutine)
            if name in self._specifications and self._manager.parse_hookimpl_opts(plugin.implementation, name) is None
        ]

    def _suggest_hook(self, plugin: Plugin) -> str:
        """Return a suggestion for a misspelt hook."""
        known = list(self._specifications)
        for name in dir(plugin.implementation):
            if name.startswith("llmring_") and name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                return f"; did you mean {near[0]!r}?" if near else ""
        return ""


def installed_plugins() -> dict[str, EntryPoint]:
    """Return the installed plugins by name, without importing them.

    Raises:
        StartupError: two distributions have a plugin of the same name.
    """
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        other = found.setdefault(point.name, point)
        if other is not point and (other.value != point.value or _distribution(other) != _distribution(point)):
            raise StartupError(
                f"two distributions have a plugin {point.name!r}: {_distribution(other)} and {_distribution(point)}; "
                "uninstall one"
            )
    return found


def load(names: Iterable[str | Plugin]) -> PluginSet:
    """Import only the named plugins, in order; a `Plugin` given in code is used as it is.

    Raises:
        StartupError: one is not installed, cannot be imported, or does not match the hook specifications.
    """
    available = installed_plugins()
    return PluginSet([item if isinstance(item, Plugin) else _load_one(item, available) for item in names])


def _load_one(name: str, available: dict[str, EntryPoint]) -> Plugin:
    point = available.get(name)
    if point is None:
        near = difflib.get_close_matches(name, available, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise StartupError(f"plugin {name!r} is not installed; available: {', '.join(sorted(available))}{hint}")
    try:
        implementation = point.load()
    except Exception as error:
        raise StartupError(
            f"plugin {name!r} (distribution {_distribution(point)}) cannot be imported: {type(error).__name__}: {error}"
        ) from error
    about = point.dist.metadata if point.dist else {"Name": UNKNOWN, "Version": ""}  # parsed at each access
    return Plugin(name, implementation, about["Name"], about["Version"])


def _call_one(caller: pluggy.HookCaller, **arguments: object) -> Any:
    """Return the result of the only implementation of a hook; pluggy omits None."""
    return next(iter(caller(**arguments)), None)


@contextmanager
def _attribute_errors(plugin: Plugin, hook: str) -> Iterator[None]:
    """Turn any exception of a hook into a StartupError that names its plugin."""
    try:
        yield
    except click.ClickException:
        raise
    except StartupError as error:
        if str(error).startswith("plugin "):
            raise
        raise StartupError(f"{plugin}: {error}") from error
    except Exception as error:
        raise StartupError(f"{plugin}: {hook} raised {type(error).__name__}: {error}") from error


def _expect(plugin: Plugin, hook: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise StartupError(f"{plugin}: {hook} returned {value!r}; see its hook specification")


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else UNKNOWN


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
