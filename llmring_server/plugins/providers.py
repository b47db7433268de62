"""Checks of the services that plugins provide and need."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from llmring_server.errors import StartupError
from llmring_server.plugins.manager import Plugin, PluginSet


class MissingService(StartupError):
    """No enabled plugin provides `contract`."""

    def __init__(self, contract: type) -> None:
        super().__init__(
            f"no enabled plugin provides {contract.__name__}; enable one that does in plugins (see "
            "`llmring-server plugins`)"
        )
        self.contract = contract


def check_provider(plugin: Plugin, contract: Any, provider: object, other: tuple[Plugin, object] | None) -> None:
    """Check a provider; `other` is the one that another plugin has given for the same contract.

    Raises:
        StartupError: there is another, or the provider does not fulfil its contract.
    """
    if not isinstance(contract, type):
        raise StartupError(f"{plugin}: llmring_services returned the key {contract!r}; return contract → provider")
    if other is not None:
        raise StartupError(f"{contract.__name__} is provided by {other[0]} and {plugin}; disable one of them")
    missing = [name for name in protocol_members(contract) if not hasattr(provider, name)]
    if missing:
        raise StartupError(
            f"{plugin}: {provider!r} does not fulfil {contract.__name__}: it has no {', '.join(missing)}"
        )
    if Protocol not in contract.__bases__ and not isinstance(provider, contract):
        raise StartupError(f"{plugin}: {provider!r} is not an instance of {contract.__name__}")


def protocol_members(contract: type) -> list[str]:
    """Return the names that a provider of a Protocol needs, sorted; none for another class."""
    protocols = [base for base in contract.__mro__ if Protocol in base.__bases__]
    names = {name for base in protocols for name in (*vars(base), *vars(base).get("__annotations__", {}))}
    return sorted(name for name in names if not name.startswith("_"))


def explain_order(error: StartupError, plugins: PluginSet, server: Any) -> StartupError:
    """Return the error of collecting services, with the plugin to list before if that provides the missing service."""
    missing = error.__cause__
    if isinstance(missing, MissingService):
        for position, plugin in enumerate(plugins.plugins):
            with suppress(StartupError):  # of a plugin that itself needs something; it is reported once it is the first
                alone = PluginSet(plugins.plugins[position : position + 1])
                for _, services in alone.call("llmring_services", Mapping, server=server):
                    if missing.contract in services:
                        needing, _, _ = str(error).partition(": ")
                        return StartupError(
                            f"{needing}: llmring_services needs {missing.contract.__name__} of {plugin}, which is "
                            "listed later; list it before, or request the service in llmring_connect"
                        )
    return error
