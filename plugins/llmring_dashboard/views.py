"""`@view`: loads the session, checks scope, query and form before a responder runs, and sends its result."""

import functools
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import falcon
import falcon.asgi
import msgspec

from llmring_dashboard.frame import Frame, Framed, Visit
from llmring_dashboard.policy import headers
from llmring_dashboard.sessions import PATH
from llmring_server import wire
from llmring_server.admission import SAFE
from llmring_server.contracts import Scope
from llmring_server.errors import Problem
from llmring_server.headers import is_person
from llmring_server.operations import operation
from llmring_server.projects import CHALLENGE

SIGN_IN = f"{PATH}/sign-in"
MAX_FORM = 256 * 1024


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """Base class of all forms, with the CSRF token of the session."""

    csrf: str = ""


class View(msgspec.Struct, frozen=True):
    """A response: a template with its values, and a status."""

    template: str
    values: Mapping[str, Any] = {}
    status: int = 200


# Reloads its own URL: the browser sends the session cookie with a link on our page, but not on another site.
ARRIVING = View("arriving.html")


class Redirect(msgspec.Struct, frozen=True):
    """A redirect to another page, which shows the message."""

    to: str
    said: str | None = None


class Terms(msgspec.Struct, frozen=True):
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
    """Declare a responder of a `Framed` resource: `async def on_get(self, visit, query) -> View | Redirect | None`.

    It is called if the visitor's key has the `scope`, with the decoded `query` and the `form` with a valid CSRF token.
    None means that it has set the response itself. A problem that it raises is shown as a page.
    """
    terms = Terms(scope, query, form)

    def declare(responder: Responder) -> Responder:
        @functools.wraps(responder)
        async def bound(self: Framed, req: falcon.asgi.Request, resp: falcon.asgi.Response, **fields: Any) -> None:
            visit = await _visit(self.frame, req, resp)
            if scope is not None and visit.identity is None:
                _send_to_sign_in(self.frame, visit)
                return
            answer = await responder(self, visit, **await _given(self.frame, terms, visit), **fields)
            _answer(self.frame, visit, answer)

        statuses = (403, 404, *((401,) if scope else ()), *errors)
        return operation(
            query=query, body=form, accepts=(wire.FORM,), media=media, also=(303,), errors=statuses, plain=True
        )(bound)

    return declare


async def _visit(frame: Frame, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> Visit:
    if is_person(req):
        req.context.show_problem = frame.show_problem
    req.context.nonce = secrets.token_urlsafe(16)
    resp.set_headers(headers(req.context.nonce))
    req.context.visit = visit = await frame.visit(req, resp)
    return visit


async def _given(frame: Frame, terms: Terms, visit: Visit) -> dict[str, Any]:
    """Return the arguments of a responder.

    Raises:
        Problem: 403 for a key without the scope or a form of another session; 422 for invalid input.
    """
    if terms.scope is not None and not visit.may(terms.scope):
        raise Problem(403, f"This needs a key with the scope {terms.scope!r}. Sign in with one that has it.")
    given = {} if terms.query is None else {"query": wire.decode_query(visit.req, terms.query)}
    if terms.form is not None:
        wire.require_type(visit.req, wire.FORM)
        body = await wire.read_body(visit.req, visit.req.context.limits)
        given["form"] = form = wire.decode_form(body, terms.form)
        if not frame.sessions.carries(visit.session, form.csrf):
            raise Problem(403, "This form has expired. Go back, reload the page and try again.")
    return given


def _answer(frame: Frame, visit: Visit, answer: View | Redirect | None) -> None:
    if isinstance(answer, View):
        visit.resp.status = falcon.code_to_http_status(answer.status)
        frame.show(visit, answer.template, answer.values)
    elif isinstance(answer, Redirect):
        if answer.said is not None:
            frame.sessions.say(visit.req, visit.resp, answer.said)
        visit.resp.status = falcon.HTTP_303
        visit.resp.location = answer.to
        visit.resp.content_type = falcon.MEDIA_HTML


def _send_to_sign_in(frame: Frame, visit: Visit) -> None:
    """Redirect to the sign-in form, and from there back to this page.

    Raises:
        Problem: 401 for a client that is not a browser.
    """
    if not is_person(visit.req):
        raise Problem(401, f"Sign in with a project key at {SIGN_IN}.", headers=CHALLENGE)
    if visit.req.method not in SAFE:
        _answer(frame, visit, Redirect(SIGN_IN, "Sign in first; nothing was changed."))
    elif visit.crosses_sites:
        _answer(frame, visit, ARRIVING)
    else:
        ended = "Your session has ended: its key was revoked or has expired." if visit.ended else None
        _answer(frame, visit, Redirect(f"{SIGN_IN}?{urlencode({'next': visit.address})}", ended))
