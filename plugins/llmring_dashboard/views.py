"""`@view`: what every responder of a page needs done before it works, and how its answer becomes one over HTTP."""

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
from llmring_server.contracts import Scope
from llmring_server.errors import Problem
from llmring_server.headers import is_person
from llmring_server.http.middleware.authorization import SAFE
from llmring_server.operations import operation
from llmring_server.projects import CHALLENGE

SIGN_IN = f"{PATH}/sign-in"
MAX_FORM = 256 * 1024


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What every form carries: the token of the session that it was made for."""

    csrf: str = ""


class View(msgspec.Struct, frozen=True):
    """An answer: a template with its values, and a status."""

    template: str
    values: Mapping[str, Any] = {}
    status: int = 200


# Leads to its own address once more. Whoever follows a link from elsewhere has not shown their session, since it is not
# sent across sites; from a page of ours it is.
ARRIVING = View("arriving.html")


class Redirect(msgspec.Struct, frozen=True):
    """An answer that leads to another page, which shows what was `said`."""

    to: str
    said: str | None = None


class Terms(msgspec.Struct, frozen=True):
    """What a view asks of a request: a scope of the visitor's key, None of anybody; the query and form it reads."""

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

    It is called when the visitor's key has the `scope`, with the decoded `query` and `form`, whose token has been
    checked; None says that it wrote the answer itself. A problem that it raises is shown as a page.
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
        Problem: 403 for a key without the scope, and for a form that is not of this session; 422 for what does not fit.
    """
    if terms.scope is not None and not visit.may(terms.scope):
        raise Problem(403, f"this needs a key with the scope {terms.scope!r}; sign in with one that has it")
    given = {} if terms.query is None else {"query": wire.decode_query(visit.req, terms.query)}
    if terms.form is not None:
        wire.require_type(visit.req, wire.FORM)
        body = await wire.read_body(visit.req, visit.req.context.limits)
        given["form"] = form = wire.decode_form(body, terms.form)
        if not frame.sessions.carries(visit.session, form.csrf):
            raise Problem(403, "this form is not of your session, or too old; go back, load its page again and repeat")
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
    """Lead to the form, and from there back to what was asked for.

    Raises:
        Problem: 401 for a program.
    """
    if not is_person(visit.req):
        raise Problem(401, f"sign in with a project key at {SIGN_IN}", headers=CHALLENGE)
    if visit.req.method not in SAFE:
        _answer(frame, visit, Redirect(SIGN_IN, "Sign in first; nothing was changed."))
    elif visit.crosses_sites:
        _answer(frame, visit, ARRIVING)
    else:
        ended = "Your session has ended: its key was revoked or has expired." if visit.ended else None
        _answer(frame, visit, Redirect(f"{SIGN_IN}?{urlencode({'next': visit.address})}", ended))
