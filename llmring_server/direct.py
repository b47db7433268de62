"""The direct way: from ASGI to a responder and back in few steps, for operations whose clients wait for each call.

The same middleware, responders and error handlers run as on Falcon's way, on lean objects (`exchange`). Whatever is
out of the ordinary takes Falcon's way: a header that is there twice, a body that comes in parts or is encoded, a query
that is not ASCII, browsers of other origins.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

import falcon.asgi

from llmring_server.at_once import offered
from llmring_server.exchange import NO_BODY, AnyRequest, AnyResponse, Asked, Said
from llmring_server.operations import form_of
from llmring_server.routing import Route

UNUSUAL = frozenset({b"origin", b"content-encoding", b"transfer-encoding"})
LENGTH = b"content-length"
Responder = Callable[[AnyRequest, AnyResponse], Awaitable[None]]


class Way(NamedTuple):
    """Where a direct request goes."""

    path: str
    resource: object
    responder: Responder


class DirectApp(falcon.asgi.App[Any, Any]):
    """Falcon's application, with direct ways beside it."""

    def __init__(self, **options: Any) -> None:
        self._ways: dict[tuple[str | None, str | None], Way] = {}
        super().__init__(**options)

    def open_ways(self, routes: Iterable[Route]) -> None:
        """Serve the direct operations among routes directly."""
        for route in routes:
            for method, responder in route.responders().items():
                if form_of(responder).direct and "{" not in route.path:
                    way = Way(route.path, route.resource, responder)
                    self._ways[method, route.path] = self._ways[method, route.path + "/"] = way

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # type: ignore[override]
        """Serve a request directly where it has a way and nothing unusual about it."""
        way = self._ways.get((scope.get("method"), scope.get("path")))
        headers = None if way is None else usual(scope)
        if way is None or headers is None:
            return await super().__call__(scope, receive, send)
        at_once = offered(scope, receive, send)
        body = at_once.body()
        if body is None:
            event = await receive() if LENGTH in headers else NO_BODY
            if event is not NO_BODY and not _whole(event, headers):
                return await super().__call__(scope, _again(event, receive), send)
            body = event["body"]
        req, resp = Asked(scope, headers, body, way.path), Said()
        await self._serve(way, req, resp)
        status, said, body = resp.whole()
        if not at_once.answer(status, said, body):
            await send({"type": "http.response.start", "status": status, "headers": said.items()})
            await send({"type": "http.response.body", "body": body})
        return None

    async def _serve(self, way: Way, req: Asked, resp: Said) -> None:
        middleware: Any = self._middleware
        before, matched, after = middleware
        succeeded = True
        try:
            for process in before:
                await process(req, resp)
            for process in matched:
                if not resp.complete:
                    await process(req, resp, way.resource, {})
            if not resp.complete:
                await way.responder(req, resp)
        except Exception as error:
            succeeded = False
            await self._fail(req, resp, error)
        if after:
            await self._finish(after, way, req, resp, succeeded)

    async def _finish(self, after: Any, way: Way, req: Asked, resp: Said, succeeded: bool) -> None:
        for process in after:
            try:
                await process(req, resp, way.resource, succeeded)
            except Exception as error:
                succeeded = False
                await self._fail(req, resp, error)

    async def _fail(self, req: AnyRequest, resp: AnyResponse, error: Exception) -> None:
        if not await self._handle_exception(req, resp, error, {}):
            raise error


def usual(scope: Mapping[str, Any]) -> dict[bytes, bytes] | None:
    """Return the headers of a request, or None when only Falcon reads its head in full."""
    given = scope["headers"]
    headers = dict(given)
    if len(headers) == len(given) and UNUSUAL.isdisjoint(headers) and scope["query_string"].isascii():
        return headers
    return None


def _whole(event: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> bool:
    """Whether a first event has all of the body that was announced."""
    whole = event["type"] == "http.request" and not event.get("more_body")
    return whole and headers[LENGTH] == b"%d" % len(event["body"])


def _again(event: Any, receive: Any) -> Any:
    """Return a `receive` that gives an event once more, then goes on."""
    events = [event]

    async def received() -> Any:
        return events.pop() if events else await receive()

    return received
