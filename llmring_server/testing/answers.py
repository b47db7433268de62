"""The check that responders answer what their operations declare, so that tests find a forgotten `return`."""

import types
from typing import Any, Union, get_args, get_origin

import falcon.asgi
import msgspec

from llmring_server.http.codec import JSON
from llmring_server.http.operations import get_operation
from llmring_server.http.routing import RouteTable


class AnswerCheck:
    """Middleware that compares the answers of an application's routes with the declared types."""

    def __init__(self, routes: RouteTable) -> None:
        self._routes = routes
        self._faults: list[str] = []

    async def process_response(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, req_succeeded: bool
    ) -> None:
        """Record an answer of another type, or an empty one."""
        route = self._routes.by_template.get(req.uri_template or "")
        spec = get_operation(route.responders().get(req.method) if route else None)
        if not req_succeeded or spec.answer is None or resp.status_code != spec.status or JSON not in spec.media:
            return
        declared = spec.answer if isinstance(spec.answer, tuple) else (spec.answer,)
        names = " or ".join(getattr(one, "__name__", str(one)) for one in declared)
        where = f"{req.method} {req.uri_template}"
        if not _has_content(resp):
            self._faults.append(f"{where} returns nothing, but declares {names}")
            return
        answer = getattr(resp.context, "answer", None)
        if answer is not None and not any(matches(answer, one) for one in declared):
            self._faults.append(f"{where} returns {type(answer).__name__}, but declares {names}")

    def report(self) -> None:
        """Report the answers found since the last report.

        Raises:
            AssertionError: one was not of its declared type.
        """
        found, self._faults = self._faults, []
        if found:
            raise AssertionError("; ".join(dict.fromkeys(found)))


def matches(value: object, declared: Any) -> bool:
    """Return whether a value is of a declared type; the fields of structs and encoded JSON are not compared."""
    if isinstance(value, msgspec.Raw):
        return True
    kind, parameters = get_origin(declared) or declared, get_args(declared)
    if kind in (Union, types.UnionType):
        return any(matches(value, one) for one in parameters)
    if not isinstance(kind, type):
        return True
    if kind in (list, set, frozenset) and parameters:
        return isinstance(value, list | tuple | set | frozenset) and all(matches(one, parameters[0]) for one in value)
    return isinstance(value, kind)


def _has_content(resp: falcon.asgi.Response) -> bool:
    return any(content is not None for content in (resp.data, resp.text, resp.media, resp.stream, resp.sse))
