"""`@operation`: declares what a responder takes and gives; the same declaration decodes, encodes and documents.

A decorated responder is called with the decoded `body` and `query` that it declares, and returns its answer (or
None, when it wrote to `resp` itself). Plain Falcon responders work too; they are documented by path alone.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

import falcon.asgi
import msgspec

from llmring_server.contracts import Scope
from llmring_server.http import codec
from llmring_server.http.errors import Problem

Responder = Callable[..., Awaitable[Any]]
FORM = "__operation__"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What one responder takes and gives.

    `body`, `query` and `answer` are types msgspec knows, a raw `body` also a tuple of them, of which one fits; `status`
    is the answer's, `also` are others that carry it too; `media` the answer's media types, `events` instead the types
    of a stream's events by name; `headers` the request headers it reads; `errors` the further statuses a client may
    see, beside those that follow from the rest; `scope` what a key needs.
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
    """Declare a responder's body, query and answer; see `Operation`.

    With `raw`, the body is handed over as checked bytes and the responder decodes it; `body` is then documentation.
    Without a `scope`, GET asks for a key that may read, every other method for one that may administer.
    `checked=False` leaves out the check of text and depth, for a responder whose own reading is stricter.
    A `plain` responder is called as Falcon calls it, with no work done before or after; the declaration documents it.
    """

    def declare(responder: Responder) -> Responder:
        summary, _, description = (responder.__doc__ or "").strip().partition("\n")
        form = Operation(
            body=body, query=query, answer=answer, status=status, also=also, accepts=accepts, headers=headers,
            media=(media,) if isinstance(media, str) else media, events=events,
            errors=errors, scope=scope, summary=summary, description=" ".join(description.split()),
        )  # fmt: skip
        if not plain:
            decoder = None if body is None or raw else msgspec.json.Decoder(body)
            responder = _bind(responder, form, decoder, raw, checked)
        setattr(responder, FORM, form)
        return responder

    return declare


def _bind(
    responder: Responder, form: Operation, decoder: "msgspec.json.Decoder[Any] | None", raw: bool, checked: bool
) -> Responder:
    """Wrap a responder with the decoding and encoding that its form asks for."""
    status = falcon.code_to_http_status(form.status)

    @functools.wraps(responder)
    async def bound(self: Any, req: falcon.asgi.Request, resp: falcon.asgi.Response, **fields: Any) -> None:
        if form.query is not None:
            fields["query"] = codec.decode_query(req, form.query)
        if decoder is not None or raw:
            limits: codec.Limits = req.context.limits
            codec.require_type(req, *form.accepts)
            content = await codec.read_body(req, limits)
            if not content:
                raise Problem(400, f"the body is empty; send {' or '.join(form.accepts)}")
            if checked:
                await _check(content, limits.depth)
            fields["body"] = content if decoder is None else codec.decode(decoder, content)
        answer = await responder(self, req, resp, **fields)
        if answer is not None:
            if form.status != 200:
                resp.status = status
            resp.data = codec.encode(answer)

    return bound


async def _check(content: bytes, depth: int) -> None:
    if len(content) > codec.LARGE:
        await asyncio.to_thread(codec.check_text, content, depth)
    else:
        codec.check_text(content, depth)


def get_operation(responder: Any) -> Operation:
    """Return a responder's declaration; a plain Falcon one has its docstring for a summary, no more."""
    declared = getattr(responder, FORM, None)
    if declared is not None:
        return declared  # type: ignore[no-any-return]
    summary, _, description = (responder.__doc__ or "").strip().partition("\n")
    return Operation(summary=summary, description=" ".join(description.split()))
