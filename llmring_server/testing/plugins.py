"""Plugins made on the spot: to stand in for a provider, or to try one hook alone."""

import inspect
import sys
import time
import types
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from llmring_server.contracts import RecordedUsage
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.plugins.manager import Plugin

POLL_SECONDS = 0.02
T = TypeVar("T")


def make_plugin(name: str, **hooks: Callable[..., Any]) -> Plugin:
    """Return a plugin of the given hooks, to pass where a plugin's name may stand.

    `make_plugin("prices", llmring_services=lambda server: {PriceList: prices})`. An exception in it is attributed to
    it, as to an installed one.
    """
    module = types.ModuleType(_module_of(hooks, name))
    for hook, function in hooks.items():
        setattr(module, hook, hookimpl(function) if inspect.isroutine(function) else function)
    return Plugin(name, module)


def make_usage(project_id: str, **given: Any) -> RecordedUsage:
    """Return one usage entry as listeners hear of it, with what `given` names and small figures for the rest."""
    return RecordedUsage(
        **{
            "project_id": project_id,
            "log_id": uuid.uuid4().hex,
            "occurred_at": datetime.now(UTC),
            "provider": "openai",
            "model": "gpt-4o-mini",
            "alias": None,
            "profile": "default",
            "origin": None,
            "input_tokens": 10,
            "output_tokens": 5,
            "cost": Decimal("0.01"),
            "cost_status": "priced",
            **given,
        }
    )


def eventually(condition: Callable[[], T], seconds: float = 10.0) -> T:
    """Return what `condition` gives as soon as that is true; it may raise meanwhile.

    Raises:
        AssertionError: it was not true in time, or the last thing that it raised.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = condition()
            if found:
                return found
            failure: Exception = AssertionError(f"not true after {seconds} s, but {found!r}")
        except Exception as error:
            failure = error
        if time.monotonic() > deadline:
            raise failure
        time.sleep(POLL_SECONDS)


def _module_of(hooks: dict[str, Any], name: str) -> str:
    """Return the module that the hooks come from, so that a traceback leads to the plugin."""
    found = {getattr(function, "__module__", name) for function in hooks.values()}
    return found.pop() if len(found) == 1 and found <= set(sys.modules) else name
