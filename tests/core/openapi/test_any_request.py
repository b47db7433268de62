"""Property-based tests of every enabled route: no request causes a server error."""

import json
import re
import socket

import pytest
from core_kit import echo_routes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmring_server.settings import load_settings
from llmring_server.testing import make_plugin

# The pool of a server beside the test draws its jitter from `random`, which Hypothesis takes for a strategy's doing.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Do not use the `random` module inside strategies:hypothesis.errors.HypothesisDeprecationWarning"
)

FEW = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
texts = st.text(alphabet=st.characters(codec=None), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.just(10**30) | st.just("2024-01-01T00:00:00Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def server(llmring_live):
    return llmring_live(load_settings().plugins)


@pytest.fixture
def document(server):
    return server.client(None).get("/openapi.json").json()


def resolved(schema, document):
    """Return a schema with its reference resolved."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def values_of(schema, document, depth=0):
    """Return a strategy for values that mostly match a schema, and sometimes have another type."""
    schema = resolved(schema, document)
    if depth > 4:
        return json_values
    if "anyOf" in schema:
        return st.one_of([values_of(each, document, depth + 1) for each in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | texts
    if schema.get("type") == "object" and "properties" in schema:
        members = {name: values_of(each, document, depth + 1) for name, each in schema["properties"].items()}
        return st.fixed_dictionaries({}, optional=members) | st.fixed_dictionaries(members) | json_values
    if schema.get("type") == "array":
        return st.lists(values_of(schema.get("items", {}), document, depth + 1), max_size=3)
    plain = {
        "string": st.sampled_from(["a", "openai:gpt-4o", "2024-01-01T00:00:00Z", "", "é" * 300]) | texts,
        "integer": st.integers(-1, 2**70),
        "number": st.floats() | st.integers(),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return st.one_of(plain.get(schema.get("type"), json_values), plain["string"], json_values)


def writes(document):
    """Yield path, method and body schema of every operation with a body."""
    for path, item in document["paths"].items():
        for method in ("post", "put", "patch"):
            if method in item:
                content = item[method].get("requestBody", {}).get("content", {"application/json": {"schema": {}}})
                for media, described in content.items():
                    yield path, method, media, described.get("schema", {})


def expect_no_fault(answer):
    """Check that a response is no server error: 503 is allowed for features that are not configured."""
    configured = answer.status_code == 503 and "database" not in answer.json()["detail"]
    assert answer.status_code < 500 or configured, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


def for_all(strategy, check):
    """Check a property for every value of a strategy."""

    @FEW
    @given(strategy)
    def holds(value):
        check(value)

    holds()


def address(path):
    """Return a path with its fields filled in."""
    return path.replace("{", "").replace("}", "")


def test_any_json_to_any_route_is_accepted_or_a_problem(server, document, caplog):
    client = server.client("fuzz")
    for path, method, media, schema in writes(document):

        def check(body, method=method, path=path, media=media):
            sent = json.dumps(body).encode()
            expect_no_fault(client.request(method, address(path), content=sent, headers={"Content-Type": media}))

        for_all(json_values | values_of(schema, document), check)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_any_bytes_to_any_route_are_accepted_or_a_problem(server, document):
    client = server.client("fuzz")
    for path, method, media, _ in writes(document):

        def check(sent, method=method, path=path, media=media):
            headers = {"Content-Type": media, "Content-Encoding": sent[0]}
            expect_no_fault(client.request(method, address(path), content=sent[1], headers=headers))

        for_all(st.tuples(st.sampled_from(["identity", "gzip", "br"]), st.binary(max_size=60)), check)


def test_any_query_to_any_route_is_accepted_or_a_problem(server, document):
    client = server.client("fuzz")
    values = st.sampled_from(["", "1", "-1", "2024-01-01", "9" * 30, "\0", "a,b", "NaN", "Europe/Rome"]) | st.text()
    for path, item in document["paths"].items():
        names = [each["name"] for each in item.get("get", {}).get("parameters", []) if each["in"] == "query"]
        if not names or path.endswith("/watch"):
            continue

        def check(query, path=path):
            expect_no_fault(client.get(address(path), params=query))

        for_all(st.dictionaries(st.sampled_from(names), values, min_size=1), check)


def test_any_path_is_accepted_or_a_problem(server, document):
    client = server.client("fuzz")
    for path in (path for path in document["paths"] if "{" in path):

        def check(field, path=path):
            encoded = "".join(f"%{byte:02x}" for byte in field)
            expect_no_fault(client.get(re.sub(r"\{[^}]*\}", encoded, path)))

        for_all(st.binary(min_size=1, max_size=12), check)


def test_any_header_bytes_as_a_key_are_accepted_or_a_problem(llmring_live):
    server = llmring_live([make_plugin("echo", llmring_routes=echo_routes)])
    port = int(server.url.rpartition(":")[2])

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from([b"X-Project-Key: ", b"X-API-Key: ", b"Authorization: Bearer "]), st.binary(max_size=300))
    def holds(header, key):
        line = header + key.replace(b"\r", b"").replace(b"\n", b"")
        with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
            wire.sendall(b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + line + b"\r\n\r\n")
            status = int(wire.makefile("rb").readline().split()[1])
        assert status in (200, 400, 401)

    holds()
