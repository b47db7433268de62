"""Errors over HTTP, as problem+json (RFC 9457).

falcon.HTTPError
└── Problem             a response that is not 2xx, with the invalid fields
    └── Unavailable     503: a service that the request needs is unavailable
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import falcon
import falcon.asgi
import msgspec
import psycopg
import psycopg_pool

from llmring_server.database.checks.clock import WrongClock
from llmring_server.http.printable import quote_path

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = "1"
DATABASE_UNAVAILABLE = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg_pool.PoolTimeout,
)

# Why the database stores nothing although it answers; the first that applies.
CAUSES: Sequence[tuple[type[Exception], str]] = (
    (WrongClock, "The clock of this server or of its database is wrong. Its operator has to set it."),
    (psycopg.errors.ReadOnlySqlTransaction, "The database is read-only. Try again shortly."),
    (psycopg.errors.DiskFull, "The disk of the database is full. Its operator has to free space."),
)
NO_ANSWER = "The database does not answer. Try again shortly."

Owner = Callable[[falcon.asgi.Request, TracebackType | None], str]


class FieldError(msgspec.Struct, frozen=True):
    """An invalid field in a request.

    `loc` is the path to it, `["body", 3, "alias"]`; `msg` is a sentence that states what is wrong and what is valid.
    """

    loc: tuple[str | int, ...]
    msg: str


class ProblemDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """The problem+json body (RFC 9457 §3.1); `request_id` finds the line in the log."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: tuple[FieldError, ...] = ()


# A responder may set such a function as `show_problem` in its request's context, to render problems its own way.
Show = Callable[[falcon.asgi.Request, falcon.asgi.Response, ProblemDetails], None]


class Problem(falcon.HTTPError):
    """An error response.

    `detail` is a sentence, from a capital to a full stop, that a person can act on; `faults` are the invalid fields.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        faults: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(falcon.code_to_http_status(status), description=detail, headers=dict(headers or {}))
        self.faults = tuple(faults)

    @classmethod
    def validation(cls, *loc: str | int, msg: str) -> "Problem":
        """Return the 422 for a single invalid field, with the detail `body.alias: Must be ….`; `msg` is a sentence."""
        place = ".".join(str(part) for part in loc)
        return cls(422, f"{place}: {msg}", faults=[FieldError(loc, msg)])


class Unavailable(Problem):
    """503 with Retry-After: the database, or another service that the request needs, is unavailable."""

    def __init__(self, detail: str) -> None:
        super().__init__(503, detail, headers={"Retry-After": RETRY_AFTER_SECONDS})


def unavailable(error: BaseException) -> Unavailable:
    """Return the 503 for an error of the database, with its cause."""
    return Unavailable(next((detail for kind, detail in CAUSES if isinstance(error, kind)), NO_ANSWER))


def install(app: "falcon.asgi.App[Any, Any]", owner: Owner) -> None:
    """Make every error of `app` a problem+json; `owner` names the plugin that failed, for the log."""

    async def database_unavailable(
        req: falcon.asgi.Request, resp: falcon.asgi.Response, error: Exception, params: object
    ) -> None:
        log.warning("database unavailable: %s %s: %s", req.method, quote_path(req.path), type(error).__name__)
        problem = unavailable(error)
        resp.status, resp.retry_after = problem.status, RETRY_AFTER_SECONDS
        _write(req, resp, problem)

    async def unexpected(
        req: falcon.asgi.Request, resp: falcon.asgi.Response, error: Exception, params: object
    ) -> None:
        name = owner(req, error.__traceback__)
        log.error("plugin %r failed: %s %s", name, req.method, quote_path(req.path), exc_info=error)
        resp.status = falcon.HTTP_500
        _write(req, resp, Problem(500, "The server failed on this request. Report the request id to its operator."))

    app.set_error_serializer(_write)
    app.add_error_handler(Exception, unexpected)
    for exception in (*DATABASE_UNAVAILABLE, TimeoutError):
        app.add_error_handler(exception, database_unavailable)


def _write(req: falcon.asgi.Request, resp: falcon.asgi.Response, error: falcon.HTTPError) -> None:
    """Render any HTTP error, ours or Falcon's: as problem+json, or with the request's `show_problem`."""
    status = falcon.http_status_to_code(error.status)
    resp.text = None
    resp.stream = None
    problem = document(
        status,
        _detail(req, status, error),
        getattr(req.context, "request_id", ""),
        getattr(error, "faults", ()),
    )
    show: Show | None = getattr(req.context, "show_problem", None)
    if show is not None:
        show(req, resp, problem)
        return
    resp.content_type = PROBLEM_JSON
    resp.data = msgspec.json.encode(problem)


def document(status: int, detail: str, request_id: str = "", faults: Sequence[FieldError] = ()) -> ProblemDetails:
    """Return the problem+json body of a response."""
    return ProblemDetails("about:blank", title(status), status, detail, request_id, tuple(faults))


def title(status: int) -> str:
    """Return the phrase of a status: 404 → `Not Found`."""
    return str(falcon.code_to_http_status(status)).partition(" ")[2]


def to_sentence(text: str) -> str:
    """Return a message of a library with a capital first letter and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def _detail(req: falcon.asgi.Request, status: int, error: falcon.HTTPError) -> str:
    """Return an error's detail as a sentence; Falcon raises some errors without one."""
    if error.description:
        return error.description if isinstance(error, Problem) else to_sentence(error.description)
    if status == 404:
        return f"Nothing is served at {req.path}. See /docs for the routes."
    if status == 405:
        return f"{req.method} is not served at {req.path}. See /docs for the routes."
    return to_sentence(title(status))
