"""`@operation`: declares a responder's request and response; used for decoding, encoding and documentation.

A decorated responder is called with the decoded `body` and `query` that it declares, and returns its answer (or
None when it wrote to `resp`). Plain Falcon responders work too; they are documented only by path.
"""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import falcon.asgi
import msgspec

from llmring_server.contracts import Scope
from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_server.http.query import NoQuery, decode_query

Responder = Callable[..., Awaitable[Any]]
ATTRIBUTE = "__operation__"
WRAPPER = "__operation_wrapper__"
SELF, POSITIONAL = "self", ("req", "resp")


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration of a responder's request and response.

    `body`, `query` and `answer` are types that msgspec supports, a raw `body` and an answer also a tuple of
    alternatives; `status` is the status of the answer, `also` are other statuses with the same answer; `media` are the
    answer's media types, `events` instead the types of a stream's events by name; `headers` are the request headers
    that are read; `errors` are further statuses besides those implied by the rest; `scope` is the scope that a key
    needs; `arguments` are the names of what the responder receives besides the request, the response and the path's
    fields.
    """

    body: Any = None
    query: Any = None
    answer: Any = None
    status: int = 200
    also: tuple[int, ...] = ()
    media: tuple[str, ...] = (codec.JSON,)
    events: Mapping[str, Any] = {}
    accepts: tuple[str, ...] = (codec.JSON,)
    headers: tuple[str, ...] = ()
    errors: tuple[int, ...] = ()
    scope: Scope | None = None
    arguments: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""


def operation(
    *,
    body: Any = None,
    query: Any = None,
    answer: Any = None,
    status: int = 200,
    also: tuple[int, ...] = (),
    media: str | tuple[str, ...] = codec.JSON,
    events: Mapping[str, Any] = MappingProxyType({}),
    accepts: tuple[str, ...] = (codec.JSON,),
    raw: bool = False,
    checked: bool = True,
    headers: tuple[str, ...] = (),
    errors: tuple[int, ...] = (),
    scope: Scope | None = None,
    plain: bool = False,
) -> Callable[[Responder], Responder]:
    """Declare a responder's request and response; see `Operation`.

    With `raw`, the responder receives checked bytes and decodes them; `body` is then only documentation. Without a
    `scope`, GET requires `read` and every other method `admin`. `checked=False` skips the check of text and depth, for
    a responder with stricter decoding. A `plain` responder is called directly by Falcon; the declaration is only
    documentation.
    """

    given = {"query": query is not None, "body": raw or body is not None}
    arguments = tuple(name for name, passed in given.items() if passed)

    def declare(responder: Responder) -> Responder:
        summary, _, description = (responder.__doc__ or "").strip().partition("\n")
        spec = Operation(
            body=body, query=query, answer=answer, status=status, also=also, accepts=accepts, headers=headers,
            media=(media,) if isinstance(media, str) else media, events=events,
            errors=errors, scope=scope, arguments=() if plain else arguments,
            summary=summary, description=" ".join(description.split()),
        )  # fmt: skip
        if not plain:
            decoder = None if body is None or raw else msgspec.json.Decoder(body)
            responder = _wrap(responder, spec, decoder, raw, checked)
        setattr(responder, ATTRIBUTE, spec)
        return responder

    return declare


def _wrap(
    responder: Responder, spec: Operation, decoder: "msgspec.json.Decoder[Any] | None", raw: bool, checked: bool
) -> Responder:
    """Wrap a responder with the decoding and encoding of its declaration."""
    status = falcon.code_to_http_status(spec.status)

    @functools.wraps(responder)
    async def wrapped(self: Any, req: falcon.asgi.Request, resp: falcon.asgi.Response, **fields: Any) -> None:
        if spec.query is not None:
            fields["query"] = decode_query(req, spec.query)
        elif req.query_string:
            decode_query(req, NoQuery)
        if decoder is not None or raw:
            limits: codec.Limits = req.context.limits
            codec.require_type(req, *spec.accepts)
            content = await codec.read_body(req, limits)
            if not content:
                raise Problem(400, f"The body is empty. Send {' or '.join(spec.accepts)}.")
            if checked:
                await _check(content, limits.depth)
            fields["body"] = content if decoder is None else await _decode(decoder, content)
        answer = await responder(self, req, resp, **fields)
        if answer is not None:
            if spec.status != 200:
                resp.status = status
            resp.data = codec.encode(answer)
            resp.context.answer = answer

    setattr(wrapped, WRAPPER, wrapped)
    return wrapped


async def _decode(decoder: "msgspec.json.Decoder[Any]", content: bytes) -> Any:
    return await codec.run_in_thread_if_large(content, lambda: codec.decode(decoder, content))


async def _check(content: bytes, depth: int) -> None:
    if len(content) > codec.LARGE:
        await asyncio.to_thread(codec.check_text, content, depth)
    else:
        codec.check_text(content, depth)


def declared_function(responder: Any) -> Any:
    """Return the function that `operation` declares, or the responder's own function if another decorator is outside.

    `functools.wraps` copies attributes, so only the wrapper that refers to itself is that of `operation`.
    """
    function: Any = getattr(responder, "__func__", responder)
    wrapper: Any = getattr(function, WRAPPER, None)
    return wrapper.__wrapped__ if wrapper is function else function


def get_operation(responder: Any) -> Operation:
    """Return a responder's declaration; a plain Falcon responder has only a summary, from its docstring."""
    declared = getattr(responder, ATTRIBUTE, None)
    if declared is not None:
        return declared  # type: ignore[no-any-return]
    summary, _, description = (responder.__doc__ or "").strip().partition("\n")
    return Operation(summary=summary, description=" ".join(description.split()))


def find_responder_fault(responder: Any, fields: Iterable[str]) -> str | None:
    """Return why a responder of a path with these fields cannot be called, or None.

    A responder in a decorator other than `operation` is called with what that accepts.
    """
    function = declared_function(responder)
    if not inspect.iscoroutinefunction(function):
        return f"{function.__qualname__} is not a coroutine function; make it `async def`"
    passed = {*fields, *get_operation(responder).arguments}
    fault = find_mismatch(function, [SELF, *POSITIONAL], passed)
    if fault is None:
        return None
    given = ", ".join([*POSITIONAL, *sorted(passed)])
    return f"{function.__qualname__} is called with ({given}), from the path and the operation, but: {fault}"


def find_mismatch(function: Callable[..., Any], positional: Iterable[str], named: Iterable[str] = ()) -> str | None:
    """Return why a function cannot be called with arguments of these names, or None."""
    try:
        inspect.signature(function, follow_wrapped=False).bind(*positional, **dict.fromkeys(named))
    except TypeError as error:
        return str(error)
    return None
