"""The OpenAPI 3.1 document of the enabled routes, generated from the structs that their operations declare."""

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
HEADERS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
REVALIDATED = 304
EVENTS = "text/event-stream"
KEYS = {
    "ProjectKey": {"type": "apiKey", "in": "header", "name": "X-Project-Key"},
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Bearer": {"type": "http", "scheme": "bearer"},
}


class Specification:
    """`/openapi.json`, rendered once at start."""

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
    return _wire_schema({
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
            spec = get_operation(responder)
            declared = [
                kind
                for kind in (*_alternatives(spec.body), spec.query, *_alternatives(spec.answer), *spec.events.values())
                if kind is not None
            ]
            for kind in declared:
                unique.setdefault(str(kind), kind)
                declaring.setdefault(str(kind), (owner, route))
    try:
        schemas, components = msgspec.json.schema_components(unique.values(), ref_template=REF)
    except TypeError as error:
        raise _schema_error(unique, declaring, error) from error
    _require_unique_names(components)
    return dict(zip(unique, schemas, strict=True)), components


def _require_unique_names(components: Mapping[str, Any]) -> None:
    """Stop the start when two types have one name: msgspec then names both by their modules.

    Raises:
        StartupError: both types are named.
    """
    qualified = sorted(name for name in components if "." in name)
    if qualified:
        raise StartupError(f"types of one name in the API's description: {', '.join(qualified)}; rename all but one")


def _schema_error(
    unique: Mapping[str, Any], declaring: Mapping[str, tuple[str, Route]], together: TypeError
) -> StartupError:
    """Return an error that names the route whose type has no JSON schema; all types together have failed before."""
    for name, (owner, route) in declaring.items():
        try:
            msgspec.json.schema(unique[name])
        except TypeError as error:
            return StartupError(f"plugin {owner!r}: route {route.path}: {unique[name]!r} has no JSON schema: {error}")
    return StartupError(f"the types of the enabled routes have no JSON schema together: {together}")


def _operation(
    owner: str, route: Route, method: str, spec: Operation, schemas: dict[Any, Any], everywhere: Set[int]
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _operation_id(method, route),
        "tags": [owner],
        "summary": spec.summary.rstrip("."),
        "parameters": _parameters(route, spec, schemas),
        "responses": _responses(spec, _statuses(route, spec) | everywhere, schemas),
        "security": [] if route.public else [{name: []} for name in KEYS],
    }
    if spec.description:
        described["description"] = spec.description
    if spec.body is not None:
        content = {media: {"schema": _any_of(spec.body, schemas)} for media in spec.accepts}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _alternatives(kind: Any) -> tuple[Any, ...]:
    """Return the alternative types of a body or an answer."""
    return kind if isinstance(kind, tuple) else (kind,)


def _any_of(kind: Any, schemas: dict[Any, Any]) -> dict[str, Any]:
    """Return the schema of a body or an answer."""
    found = [schemas[str(one)] for one in _alternatives(kind)]
    return {"anyOf": found} if found[1:] else found[0]


def _operation_id(method: str, route: Route) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", route.path).strip("_") or "root"
    return f"{method.lower()}_{words}"


def _parameters(route: Route, spec: Operation, schemas: dict[Any, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name, _ in FIELD.findall(route.path)
    ]
    if spec.query is not None:
        for field in msgspec.structs.fields(spec.query):
            schema = _blankable(msgspec.json.schema(field.type), field.required)
            found.append({"name": field.encode_name, "in": "query", "required": field.required, "schema": schema})
    found += [{"name": name, "in": "header", "required": False, "schema": {"type": "string"}} for name in spec.headers]
    return found


def _blankable(schema: dict[str, Any], required: bool) -> dict[str, Any]:
    """Return a parameter's schema as it is decoded: a blank value means absent, which only an optional one may be."""
    if required:
        return {"minLength": 1, **schema} if schema.get("type") == "string" else schema
    return {"anyOf": [*schema.get("anyOf", [schema]), {"const": ""}]}


def _statuses(route: Route, spec: Operation) -> set[int]:
    """Return the statuses of an operation's problems: those it names, and those implied by its other fields."""
    found = set(spec.errors) | {422, 500, 503}
    found |= set() if route.public else {400, 401, 403}
    found |= {400, 408, 413, 415} if spec.body is not None else set()
    return found


def _responses(spec: Operation, statuses: Set[int], schemas: dict[Any, Any]) -> dict[str, Any]:
    problem = {PROBLEM_JSON: {"schema": schemas[str(ProblemDetails)]}}
    tagged = ("ETag",) if REVALIDATED in spec.errors else ()
    content = _content(spec, schemas)
    responses = {status: _response("as described", tagged, content) for status in (spec.status, *spec.also)}
    for status in sorted(statuses - responses.keys()):
        headers = tagged if status == REVALIDATED else HEADERS.get(status, ())
        responses[status] = _response(title(status), headers, {} if status == REVALIDATED else problem)
    return {str(status): response for status, response in sorted(responses.items())}


def _content(spec: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    """Return a response's content by media type; without a schema it is text, or no content for JSON."""
    if spec.events:
        return {EVENTS: {"schema": {"anyOf": [_event(name, schemas[str(kind)]) for name, kind in spec.events.items()]}}}
    if spec.answer is not None:
        return {media: {"schema": _any_of(spec.answer, schemas)} for media in spec.media}
    return {media: {"schema": {"type": "string"}} for media in spec.media if media != codec.JSON}


def _event(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a server-sent event of this name, whose data is JSON of the given schema."""
    data = {"type": "string", "contentMediaType": codec.JSON, "contentSchema": schema}
    properties = {"id": {"type": "string"}, "event": {"const": name}, "data": data}
    return {"type": "object", "properties": properties, "required": ["event", "data"]}


def _response(description: str, headers: Sequence[str], content: dict[str, Any]) -> dict[str, Any]:
    described = {name: {"required": True, "schema": {"type": "string"}} for name in (HEADER, *headers)}
    return {"description": description, "headers": described, **({"content": content} if content else {})}


def _wire_schema(schema: Any) -> Any:
    """Return a schema as on the wire: a Decimal is a JSON number, not a string; a set may have repeated items."""
    if isinstance(schema, dict):
        found = {key: _wire_schema(value) for key, value in schema.items() if key != "uniqueItems"}
        if found.get("format") == "decimal":
            del found["format"]
            found["type"] = "number"
        return found
    return [_wire_schema(item) for item in schema] if isinstance(schema, list) else schema
