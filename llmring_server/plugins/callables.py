"""Checks of what plugins return to be called later: middleware and health checks."""

import inspect
from typing import Any

import falcon.asgi

from llmring_server.errors import StartupError
from llmring_server.http.endpoints.health import HealthCheck
from llmring_server.http.operations import find_mismatch
from llmring_server.plugins.manager import Plugin

MIDDLEWARE = {
    "process_startup": ("scope", "event"),
    "process_shutdown": ("scope", "event"),
    "process_request": ("req", "resp"),
    "process_resource": ("req", "resp", "resource", "params"),
    "process_response": ("req", "resp", "resource", "req_succeeded"),
    "process_request_ws": ("req", "ws"),
    "process_resource_ws": ("req", "ws", "resource", "params"),
}


def check_middleware(plugin: Plugin, component: Any) -> Any:
    """Return a middleware component.

    Raises:
        StartupError: Falcon rejects it, or one of its methods cannot be called as Falcon calls it.
    """
    try:
        falcon.asgi.App(middleware=[component])
    except (TypeError, AttributeError, falcon.errors.CompatibilityError) as error:
        raise StartupError(f"{plugin}: llmring_middleware returned {component!r}: {error}") from error
    for name, arguments in MIDDLEWARE.items():
        for method in filter(None, (getattr(component, given, None) for given in (name, f"{name}_async"))):
            fault = find_mismatch(method, arguments)
            if fault:
                raise StartupError(
                    f"{plugin}: llmring_middleware returned {component!r}: Falcon calls {method.__qualname__} with "
                    f"({', '.join(arguments)}), but: {fault}"
                )
    return component


def check_health(plugin: Plugin, check: HealthCheck) -> None:
    """Check that a health check can be awaited.

    Raises:
        StartupError: its function is not a coroutine function, or requires an argument.
    """
    function: Any = check.check
    if not any(map(inspect.iscoroutinefunction, (function, type(function).__call__))):
        raise StartupError(
            f"{plugin}: the health check {check.name!r} is not a coroutine function; make it `async def`"
        )
    fault = find_mismatch(function, ())
    if fault:
        raise StartupError(f"{plugin}: the health check {check.name!r} is called without arguments, but: {fault}")
