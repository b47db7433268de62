"""`@view`: loads the session, checks scope, query and form before a responder runs, and sends its result."""

import functools
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import falcon
import falcon.asgi
import msgspec

from llmring_dashboard.rendering.layout import Layout, PageResource, Visit
from llmring_dashboard.rendering.security_headers import build_page_headers
from llmring_dashboard.session.sessions import PATH
from llmring_server.contracts import Scope
from llmring_server.http import codec
from llmring_server.http.codec import prefers_html
from llmring_server.http.errors import Problem
from llmring_server.http.middleware.authentication import CHALLENGE
from llmring_server.http.middleware.authorization import SAFE
from llmring_server.http.operations import operation
from llmring_server.http.query import FORM, NoQuery, decode_form, decode_query

SIGN_IN = f"{PATH}/sign-in"
MAX_FORM_BYTES = 256 * 1024


class CsrfForm(msgspec.Struct, frozen=True, kw_only=True):
    """Base class of all forms, with the CSRF token of the session."""

    csrf: str = ""


class TemplateResponse(msgspec.Struct, frozen=True):
    """A response: a template with its values, and a status."""

    template: str
    values: Mapping[str, Any] = {}
    status: int = 200


# Reloads its own URL: the browser sends the session cookie with a link on our page, but not on another site.
CROSS_SITE_RELOAD = TemplateResponse("cross_site_reload.html")


class Redirect(msgspec.Struct, frozen=True):
    """A redirect to another page, which shows the message."""

    to: str
    message: str | None = None


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

    It is called if the visitor's key has the `scope`, with the decoded `query` and the `form` with a valid CSRF token.
    None means that it has set the response itself. A problem that it raises is shown as a page.
    """
    requirements = Requirements(scope, query, form)

    def declare(responder: Responder) -> Responder:
        @functools.wraps(responder)
        async def handle(
            self: PageResource, req: falcon.asgi.Request, resp: falcon.asgi.Response, **fields: Any
        ) -> None:
            visit = await _begin_visit(self.layout, req, resp)
            if scope is not None and visit.identity is None:
                _redirect_to_sign_in(self.layout, visit)
                return
            result = await responder(self, visit, **await _decode_arguments(self.layout, requirements, visit), **fields)
            _respond(self.layout, visit, result)

        error_statuses = (403, 404, *((401,) if scope else ()), *errors)
        return operation(
            query=query, body=form, accepts=(FORM,), media=media, also=(303,), errors=error_statuses, plain=True
        )(handle)

    return declare


async def _begin_visit(layout: Layout, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> Visit:
    if prefers_html(req):
        req.context.show_problem = layout.render_problem
    req.context.nonce = secrets.token_urlsafe(16)
    resp.set_headers(build_page_headers(req.context.nonce))
    req.context.visit = visit = await layout.load_visit(req, resp)
    return visit


async def _decode_arguments(layout: Layout, requirements: Requirements, visit: Visit) -> dict[str, Any]:
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
        if not layout.sessions.is_valid_csrf_token(visit.session, form.csrf):
            raise Problem(403, "This form has expired. Go back, reload the page and try again.")
    return arguments


def _respond(layout: Layout, visit: Visit, result: TemplateResponse | Redirect | None) -> None:
    if isinstance(result, TemplateResponse):
        visit.resp.status = falcon.code_to_http_status(result.status)
        layout.render(visit, result.template, result.values)
    elif isinstance(result, Redirect):
        if result.message is not None:
            layout.sessions.set_message(visit.req, visit.resp, result.message)
        visit.resp.status = falcon.HTTP_303
        visit.resp.location = result.to
        visit.resp.content_type = falcon.MEDIA_HTML


def _redirect_to_sign_in(layout: Layout, visit: Visit) -> None:
    """Redirect to the sign-in form, and from there back to this page.

    Raises:
        Problem: 401 for a client that is not a browser.
    """
    if not prefers_html(visit.req):
        raise Problem(401, f"Sign in with a project key at {SIGN_IN}.", headers=CHALLENGE)
    if visit.req.method not in SAFE:
        _respond(layout, visit, Redirect(SIGN_IN, "Sign in first; nothing was changed."))
    elif visit.is_cross_site:
        _respond(layout, visit, CROSS_SITE_RELOAD)
    else:
        ended = "Your session has ended: its key was revoked or has expired." if visit.ended else None
        _respond(layout, visit, Redirect(f"{SIGN_IN}?{urlencode({'next': visit.url})}", ended))
