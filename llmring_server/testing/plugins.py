"""Ad-hoc plugins, to replace a provider or to test one hook."""

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
    """Return a plugin with the given hooks, which can be passed instead of a plugin's name.

    `make_plugin("prices", llmring_services=lambda server: {PriceList: prices})`. Its exceptions are attributed to it,
    as for an installed plugin.
    """
    module = types.ModuleType(_find_module(hooks, name))
    for hook, function in hooks.items():
        setattr(module, hook, hookimpl(function) if inspect.isroutine(function) else function)
    return Plugin(name, module)


def make_usage(project_id: str, **given: Any) -> RecordedUsage:
    """Return one usage entry as listeners receive it, with the `given` fields and small values for the others."""
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
    """Return the result of `condition` as soon as that is true; it may raise until then.

    Raises:
        AssertionError: it was not true in time; or the last exception that it raised.
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


def _find_module(hooks: dict[str, Any], name: str) -> str:
    """Return the module of the hooks, so that tracebacks are attributed to the plugin."""
    found = {getattr(function, "__module__", name) for function in hooks.values()}
    return found.pop() if len(found) == 1 and found <= set(sys.modules) else name
