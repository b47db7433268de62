"""OpenAPI 3.1 of the enabled routes, made from the structs that their operations declare."""

import re
from typing import Any

import falcon.asgi
import msgspec

from llmring_server import __version__, wire
from llmring_server.errors import PROBLEM_JSON, Document, StartupError
from llmring_server.operations import Operation, form_of, operation
from llmring_server.routing import FIELD, Route, RouteTable

REF = "#/components/schemas/{name}"
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
        self._document = wire.encode(describe(table))

    @operation()
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
            item[method.lower()] = _operation(owner, route, method, form_of(responder), schemas)
    return _money({
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
    unique: dict[str, Any] = {str(Document): Document}
    for owner, route in table.items():
        for responder in route.responders().values():
            form = form_of(responder)
            declared = [kind for kind in (form.body, form.query, form.answer) if kind is not None]
            unique |= {str(kind): _describable(kind, owner, route) for kind in declared}
    schemas, components = msgspec.json.schema_components(unique.values(), ref_template=REF)
    return dict(zip(unique, schemas, strict=True)), components


def _describable(kind: Any, owner: str, route: Route) -> Any:
    """Return a declared type, or raise the StartupError that names the route whose type has no JSON schema."""
    try:
        msgspec.json.schema(kind)
    except TypeError as error:
        raise StartupError(f"plugin {owner!r}: route {route.path}: {kind!r} has no JSON schema: {error}") from error
    return kind


def _operation(owner: str, route: Route, method: str, form: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _operation_id(method, route),
        "tags": [owner],
        "summary": form.summary.rstrip("."),
        "parameters": _parameters(route, form, schemas),
        "responses": _responses(route, form, schemas),
        "security": [] if route.public else [{name: []} for name in KEYS],
    }
    if form.description:
        described["description"] = form.description
    if form.body is not None:
        content = {media: {"schema": schemas[str(form.body)]} for media in form.accepts}
        described["requestBody"] = {"required": True, "content": content}
    return described


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
            schema = msgspec.json.schema(field.type)
            found.append({"name": field.encode_name, "in": "query", "required": field.required, "schema": schema})
    found += [{"name": name, "in": "header", "required": False, "schema": {"type": "string"}} for name in form.headers]
    return found


def _responses(route: Route, form: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    content = {} if form.answer is None else {form.media: {"schema": schemas[str(form.answer)]}}
    answers: dict[str, Any] = {str(form.status): {"description": "as described", "content": content}}
    statuses = set(form.errors) | {500, 503}
    statuses |= set() if route.public else {400, 401}
    statuses |= {400, 413, 415, 422} if form.body is not None else set()
    statuses |= {422} if form.query is not None else set()
    problem = {PROBLEM_JSON: {"schema": schemas[str(Document)]}}
    for status in sorted(statuses):
        title = falcon.code_to_http_status(status).partition(" ")[2]
        body = {} if status in (304, 202) else {"content": problem}
        answers.setdefault(str(status), {"description": title, **body})
    return answers


def _money(schema: Any) -> Any:
    """Return a schema with Decimal as what it is on the wire: a JSON number, not msgspec's string."""
    if isinstance(schema, dict):
        if schema.get("format") == "decimal":
            return {**{key: value for key, value in schema.items() if key != "format"}, "type": "number"}
        return {key: _money(value) for key, value in schema.items()}
    return [_money(item) for item in schema] if isinstance(schema, list) else schema
