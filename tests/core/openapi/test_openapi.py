"""`/openapi.json` and `/docs`: all enabled routes, described correctly, available offline."""

import json
import re
from decimal import Decimal

import msgspec
import pytest
from core_kit import serves

import llmring_aliases
from llmring_server.app import compose
from llmring_server.errors import StartupError
from llmring_server.http.openapi import describe
from llmring_server.http.operations import operation
from llmring_server.settings import Settings, conf_path, read_conf
from llmring_server.testing import make_plugin

METHODS = {"get", "post", "put", "patch", "delete", "head"}


class Bill(msgspec.Struct):
    """The cost of something."""

    amount: Decimal
    tax: Decimal | None = None


@operation(body=Bill, answer=Bill)
async def pay(self, req, resp, body):
    """Pay a bill."""
    return body


PAYING = make_plugin("paying", llmring_routes=serves("/pay", pay))


@pytest.fixture
def server(llmring_shared):
    return llmring_shared(["aliases", PAYING])


@pytest.fixture
def document(server):
    return server.client(None).get("/openapi.json").json()


def operations(document):
    return [
        (path, method, described)
        for path, item in document["paths"].items()
        for method, described in item.items()
        if method in METHODS
    ]


def references(part):
    """Yield every $ref in a document."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_it_is_openapi_3_1_with_the_required_fields(document):
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"]
    assert document["info"]["version"]
    assert document["paths"]


def test_every_reference_exists(document):
    for reference in references(document):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def test_every_operation_has_the_fields_that_openapi_requires(document):
    ids = [described["operationId"] for _, _, described in operations(document)]
    assert len(ids) == len(set(ids))
    schemes = document["components"]["securitySchemes"]
    for path, _, described in operations(document):
        in_path = {p["name"] for p in described["parameters"] if p["in"] == "path"}
        assert in_path == set(re.findall(r"\{([^}]*)\}", path))
        assert all(p["required"] for p in described["parameters"] if p["in"] == "path")
        assert described["responses"]
        assert all(re.fullmatch(r"[1-5]\d\d", status) for status in described["responses"])
        assert all(answer["description"] for answer in described["responses"].values())
        assert all(set(needed) <= set(schemes) for needed in described["security"])
        assert described["summary"]


def test_every_route_of_enabled_plugins_is_in_it_and_only_those(server, document, llmring_live):
    assert {path for path, _, _ in operations(document)} == {
        "/",
        "/health",
        "/health/live",
        "/health/ready",
        "/openapi.json",
        "/docs",
        "/docs/{name}",
        "/pay",
        *(route.path for route in llmring_aliases.llmring_routes(server=server.server)),
    }
    bare = llmring_live([]).client(None).get("/openapi.json").json()
    assert not [path for path in bare["paths"] if path.startswith("/api")]


def test_a_route_is_tagged_with_its_plugin(document):
    assert document["paths"]["/pay"]["post"]["tags"] == ["paying"]


def test_money_is_a_number(server, document):
    assert document["components"]["schemas"]["Bill"]["properties"]["amount"] == {"type": "number"}
    answer = server.client().post("/pay", content=b'{"amount": 0.1000000000000000055511151231257827}')
    assert answer.text == '{"amount":0.1000000000000000055511151231257827,"tax":null}'


def test_a_public_route_requires_no_key_and_others_any_of_the_three(document):
    assert document["paths"]["/health"]["get"]["security"] == []
    assert len(document["paths"]["/pay"]["post"]["security"]) == 3


def test_errors_are_described_as_problems(document):
    answer = document["paths"]["/pay"]["post"]["responses"]["422"]
    assert list(answer["content"]) == ["application/problem+json"]


def test_a_field_with_a_converter_is_described_by_its_name(llmring_live):
    async def on(self, req, resp, year):
        resp.media = year

    plugin = make_plugin("years", llmring_routes=serves("/bills/{year:int}", on, "get", public=True))
    server = llmring_live([plugin])
    assert "/bills/{year}" in server.client(None).get("/openapi.json").json()["paths"]
    assert server.client(None).get("/bills/2024").json() == 2024


def test_a_type_without_a_schema_is_rejected_by_name(llmring_live):
    @operation(answer=object)
    async def strange(self, req, resp):
        return None

    with pytest.raises(StartupError, match="plugin 'strange': route /strange: <class 'object'> has no JSON schema"):
        llmring_live([make_plugin("strange", llmring_routes=serves("/strange", strange, "get"))])


def test_a_plain_operation_is_described_and_called_as_falcon_calls_it(llmring_live):
    @operation(query=Bill, answer=Bill, plain=True)
    async def untouched(self, req, resp):
        """As it came."""
        resp.data = req.query_string.encode()

    client = llmring_live([make_plugin("plain", llmring_routes=serves("/plain", untouched, "get"))]).client()
    described = client.get("/openapi.json").json()["paths"]["/plain"]["get"]
    assert described["summary"] == "As it came"
    assert described["parameters"]
    assert client.get("/plain?no=bill").text == "no=bill"


def test_the_command_prints_the_same_document(llmring_cli, llmring_live):
    printed = llmring_cli("openapi", LLMRING_PLUGINS="aliases")
    served = llmring_live(["aliases"]).client(None).get("/openapi.json").json()
    assert json.loads(printed.stdout) == served


def test_docs_and_all_their_files_are_served(server):
    client = server.client(None)
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(named) >= 4
    for address in named:
        assert address.startswith(("/docs/", "data:"))
        if address.startswith("/"):
            file = client.get(address)
            assert file.status_code == 200
            assert file.headers["content-type"].startswith(("text/css", "text/javascript"))
            assert len(file.content) > 100


def test_docs_load_nothing_from_other_hosts(server):
    client = server.client(None)
    assert "//" not in client.get("/docs").text.replace("<!doctype html>", "")
    assert "//" not in client.get("/docs/start.js").text


@pytest.mark.parametrize("name", ["other.js", "..%2f..%2fpyproject.toml", "%2e%2e", "__init__.py"])
def test_an_unknown_file_of_docs_is_404_and_not_cached(server, name):
    answer = server.client(None).get(f"/docs/{name}")
    assert answer.status_code == 404
    assert "cache-control" not in answer.headers


def components_of(conf):
    """Return the component schemas of a conf's description."""
    given = read_conf(conf_path(conf))
    tables = {name: table for name, table in given.items() if isinstance(table, dict)}
    _, routes = compose(Settings(plugins=tuple(given["plugins"]), tables=tables))
    return describe(routes)["components"]["schemas"]


def test_a_component_has_the_same_name_and_schema_in_every_conf():
    found = {}
    for conf in ("default", "minimal", "registry-only", "team"):
        for name, schema in components_of(conf).items():
            assert found.setdefault(name, schema) == schema, (conf, name)
    assert len(found) > 50
    assert [name for name in found if "." in name or "llmring" in name.lower()] == []


def test_two_types_of_one_name_stop_the_start(llmring_live):
    def answer_of(module, **fields):
        answer = msgspec.defstruct("Receipt", list(fields.items()), module=module)

        @operation(answer=answer)
        async def on_get(self, req, resp):
            return answer(*fields)

        return on_get

    plugins = [
        make_plugin("one", llmring_routes=serves("/one", answer_of("one", a=str), "get", public=True)),
        make_plugin("two", llmring_routes=serves("/two", answer_of("two", b=int), "get", public=True)),
    ]
    with pytest.raises(StartupError, match="types of one name in the API's description"):
        llmring_live(plugins)
