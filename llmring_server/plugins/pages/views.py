"""`@view`: loads the session, checks scope, query and form before a responder runs, and sends its result."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

import falcon
import falcon.asgi
import msgspec

from llmring_server.contracts import Scope
from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation
from llmring_server.http.query import FORM, NoQuery, decode_form, decode_query
from llmring_server.plugins.pages.visit import PageResource, Visit

MAX_FORM_BYTES = 256 * 1024
ATTRIBUTE = "__view__"


class CsrfForm(msgspec.Struct, frozen=True, kw_only=True):
    """Base class of all forms, with the CSRF token of the session."""

    csrf: str = ""


class Requirements(msgspec.Struct, frozen=True):
    """The requirements of a view: the scope of the visitor's key, None for a public view; its query and form types."""

    scope: Scope | None
    query: Any
    form: Any


Responder = Callable[..., Awaitable[Any]]


def view(
    *,
    query: Any = None,
    form: Any = None,
    scope: Scope | None = "read",
    media: str = falcon.MEDIA_HTML,
    errors: tuple[int, ...] = (),
) -> Callable[[Responder], Responder]:
    """Declare a responder of a page: `async def on_get(self, visit, query) -> TemplateResponse | Redirect | None`.

    It is called if the visitor's key has the `scope`, with the decoded `query` and the `form`, a `CsrfForm` with a
    valid token. None means that it has set the response itself. A problem that it raises is shown as a page.
    """
    requirements = Requirements(scope, query, form)

    def declare(responder: Responder) -> Responder:
        @functools.wraps(responder)
        async def handle(
            self: PageResource, req: falcon.asgi.Request, resp: falcon.asgi.Response, **fields: Any
        ) -> None:
            visit = await self.layout.begin_visit(req, resp)
            if scope is not None and visit.identity is None:
                self.layout.redirect_to_sign_in(visit)
                return
            self.layout.respond(
                visit, await responder(self, visit, **await _decode(self, requirements, visit), **fields)
            )

        setattr(handle, ATTRIBUTE, requirements)
        error_statuses = (403, 404, *((401,) if scope else ()), *errors)
        return operation(
            query=query, body=form, accepts=(FORM,), media=media, also=(303,), errors=error_statuses, plain=True
        )(handle)

    return declare


def is_view(responder: object) -> bool:
    """Whether a responder was declared with `@view`."""
    return hasattr(responder, ATTRIBUTE)


async def _decode(resource: PageResource, requirements: Requirements, visit: Visit) -> dict[str, Any]:
    """Return the arguments of a responder.

    Raises:
        Problem: 403 for a key without the scope or a form of another session; 422 for invalid input.
    """
    if requirements.scope is not None and not visit.may(requirements.scope):
        raise Problem(403, f"This needs a key with the scope {requirements.scope!r}. Sign in with one that has it.")
    query = decode_query(visit.req, requirements.query or NoQuery)
    arguments: dict[str, Any] = {} if requirements.query is None else {"query": query}
    if requirements.form is not None:
        codec.require_type(visit.req, FORM)
        body = await codec.read_body(visit.req, visit.req.context.limits)
        arguments["form"] = form = decode_form(body, requirements.form)
        if not resource.layout.is_valid_csrf_token(visit, form.csrf):
            raise Problem(403, "This form has expired. Go back, reload the page and try again.")
    return arguments
