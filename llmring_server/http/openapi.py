"""OpenAPI 3.1 of the enabled routes, made from the structs that their operations declare."""

import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

import falcon.asgi
import msgspec

from llmring_server import __version__
from llmring_server.errors import StartupError
from llmring_server.http import codec
from llmring_server.http.errors import PROBLEM_JSON, ProblemDetails, title
from llmring_server.http.middleware.request_id import HEADER
from llmring_server.http.operations import Operation, get_operation, operation
from llmring_server.http.routing import FIELD, Route, RouteTable

REF = "#/components/schemas/{name}"
SAID_WITH = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
REVALIDATED = 304
EVENTS = "text/event-stream"
KEYS = {
    "ProjectKey": {"type": "apiKey", "in": "header", "name": "X-Project-Key"},
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Bearer": {"type": "http", "scheme": "bearer"},
}


class Specification:
    """`/openapi.json`: rendered once, at start."""

    def __init__(self) -> None:
        self._document = b""

    def render(self, table: RouteTable) -> None:
        """Describe every route of `table`."""
        self._document = codec.encode(describe(table))

    @operation(answer=dict[str, Any])
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """This description, OpenAPI 3.1."""
        resp.data = self._document


def describe(table: RouteTable) -> Any:
    """Return the OpenAPI document of every route."""
    schemas, components = _schemas(table)
    paths: dict[str, Any] = {}
    for owner, route in table.items():
        item = paths.setdefault(FIELD.sub(r"{\1}", route.path), {})
        for method, responder in route.responders().items():
            item[method.lower()] = _operation(owner, route, method, get_operation(responder), schemas, table.statuses)
    return _as_sent({
        "openapi": "3.1.0",
        "info": {
            "title": "LLMRing Server",
            "version": __version__,
            "description": "Alias sync, usage with exact cost, statistics, signed receipts and the model registry.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": KEYS},
    })  # fmt: skip


def _schemas(table: RouteTable) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Return the schema of every declared type, and the components they refer to."""
    unique: dict[str, Any] = {str(ProblemDetails): ProblemDetails}
    declaring: dict[str, tuple[str, Route]] = {}
    for owner, route in table.items():
        for responder in route.responders().values():
            form = get_operation(responder)
            declared = [
                kind for kind in (*_bodies(form), form.query, form.answer, *form.events.values()) if kind is not None
            ]
            for kind in declared:
                unique.setdefault(str(kind), kind)
                declaring.setdefault(str(kind), (owner, route))
    try:
        schemas, components = msgspec.json.schema_components(unique.values(), ref_template=REF)
    except TypeError as error:
        raise _blamed(unique, declaring, error) from error
    return dict(zip(unique, schemas, strict=True)), components


def _blamed(unique: Mapping[str, Any], declaring: Mapping[str, tuple[str, Route]], together: TypeError) -> StartupError:
    """Return what names the route whose type has no JSON schema; asked one by one only once they failed together."""
    for name, (owner, route) in declaring.items():
        try:
            msgspec.json.schema(unique[name])
        except TypeError as error:
            return StartupError(f"plugin {owner!r}: route {route.path}: {unique[name]!r} has no JSON schema: {error}")
    return StartupError(f"the types of the enabled routes have no JSON schema together: {together}")


def _operation(
    owner: str, route: Route, method: str, form: Operation, schemas: dict[Any, Any], everywhere: Set[int]
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _operation_id(method, route),
        "tags": [owner],
        "summary": form.summary.rstrip("."),
        "parameters": _parameters(route, form, schemas),
        "responses": _responses(form, _statuses(route, form) | everywhere, schemas),
        "security": [] if route.public else [{name: []} for name in KEYS],
    }
    if form.description:
        described["description"] = form.description
    if form.body is not None:
        fitting = [schemas[str(kind)] for kind in _bodies(form)]
        content = {media: {"schema": {"anyOf": fitting} if fitting[1:] else fitting[0]} for media in form.accepts}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _bodies(form: Operation) -> tuple[Any, ...]:
    """Return the types of a body, one of which fits."""
    return form.body if isinstance(form.body, tuple) else (form.body,)


def _operation_id(method: str, route: Route) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", route.path).strip("_") or "root"
    return f"{method.lower()}_{words}"


def _parameters(route: Route, form: Operation, schemas: dict[Any, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name, _ in FIELD.findall(route.path)
    ]
    if form.query is not None:
        for field in msgspec.structs.fields(form.query):
            schema = _blankable(msgspec.json.schema(field.type), field.required)
            found.append({"name": field.encode_name, "in": "query", "required": field.required, "schema": schema})
    found += [{"name": name, "in": "header", "required": False, "schema": {"type": "string"}} for name in form.headers]
    return found


def _blankable(schema: dict[str, Any], required: bool) -> dict[str, Any]:
    """Return a parameter's schema as it is read: blank means absent, which only an optional one may be."""
    if required:
        return {"minLength": 1, **schema} if schema.get("type") == "string" else schema
    return {"anyOf": [*schema.get("anyOf", [schema]), {"const": ""}]}


def _statuses(route: Route, form: Operation) -> set[int]:
    """Return the statuses of an operation's problems: those it names, and those that follow from the rest of it."""
    found = set(form.errors) | {500, 503}
    found |= set() if route.public else {400, 401, 403}
    found |= {400, 408, 413, 415, 422} if form.body is not None else set()
    found |= {422} if form.query is not None else set()
    return found


def _responses(form: Operation, statuses: Set[int], schemas: dict[Any, Any]) -> dict[str, Any]:
    problem = {PROBLEM_JSON: {"schema": schemas[str(ProblemDetails)]}}
    tagged = ("ETag",) if REVALIDATED in form.errors else ()
    content = _content(form, schemas)
    answers = {status: _answer("as described", tagged, content) for status in (form.status, *form.also)}
    for status in sorted(statuses - answers.keys()):
        said = tagged if status == REVALIDATED else SAID_WITH.get(status, ())
        answers[status] = _answer(title(status), said, {} if status == REVALIDATED else problem)
    return {str(status): answer for status, answer in sorted(answers.items())}


def _content(form: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    """Return an answer's content by media type; one without a schema is text, or when it is JSON nothing at all."""
    if form.events:
        return {EVENTS: {"schema": {"anyOf": [_event(name, schemas[str(kind)]) for name, kind in form.events.items()]}}}
    if form.answer is not None:
        return {media: {"schema": schemas[str(form.answer)]} for media in form.media}
    return {media: {"schema": {"type": "string"}} for media in form.media if media != codec.JSON}


def _event(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a server-sent event of this name, whose data is JSON with a schema of its own."""
    data = {"type": "string", "contentMediaType": codec.JSON, "contentSchema": schema}
    properties = {"id": {"type": "string"}, "event": {"const": name}, "data": data}
    return {"type": "object", "properties": properties, "required": ["event", "data"]}


def _answer(description: str, headers: Sequence[str], content: dict[str, Any]) -> dict[str, Any]:
    said = {name: {"required": True, "schema": {"type": "string"}} for name in (HEADER, *headers)}
    return {"description": description, "headers": said, **({"content": content} if content else {})}


def _as_sent(schema: Any) -> Any:
    """Return a schema as things are on the wire: Decimal a JSON number, not a string; a set with repeats is taken."""
    if isinstance(schema, dict):
        kept = {key: _as_sent(value) for key, value in schema.items() if key != "uniqueItems"}
        if kept.get("format") == "decimal":
            del kept["format"]
            kept["type"] = "number"
        return kept
    return [_as_sent(item) for item in schema] if isinstance(schema, list) else schema
