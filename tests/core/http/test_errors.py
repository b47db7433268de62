"""Problem+json: the form of all error responses."""

import asyncio

import falcon
import psycopg
import pytest
from core_kit import echo_routes, serves

from llmring_server.http.errors import FieldError, Problem, Unavailable
from llmring_server.testing import make_plugin


@pytest.fixture
def client(llmring_shared):
    return llmring_shared(["aliases", *FAILING], max_body_bytes=1024).client()


def failing_plugins():
    """Yield plugins with one kind of failure each, at its own path."""
    failures = {
        "/database": psycopg.OperationalError("connection to 10.0.0.1 failed: password wrong"),
        "/late": TimeoutError(),
        "/bug": ZeroDivisionError("division by zero"),
        "/unavailable": Unavailable("The printer is offline."),
        "/falcon": falcon.HTTPConflict(title="Taken"),
        "/problem": Problem(
            409,
            "The alias is taken.",
            faults=[FieldError(("body", 3, "alias"), "Choose another.")],
            headers={"X-By": "us"},
        ),
    }
    for path, failure in failures.items():

        async def fail(self, req, resp, failure=failure):
            raise failure

        yield make_plugin(path[1:], llmring_routes=serves(path, fail, "get", public=True))


FAILING = tuple(failing_plugins())
ECHO = make_plugin("echo", llmring_routes=echo_routes)


CASES = {
    400: ("POST", "/api/v1/aliases/bind", {"content": b"{"}),
    401: ("GET", "/api/v1/aliases", {"headers": {"X-Project-Key": ""}}),
    404: ("GET", "/nowhere", {}),
    405: ("PATCH", "/api/v1/aliases", {}),
    409: ("GET", "/falcon", {}),
    413: ("POST", "/api/v1/aliases/bind", {"content": b" " * 2000}),
    415: ("POST", "/api/v1/aliases/bind", {"content": b"a=b", "headers": {"Content-Type": "text/plain"}}),
    422: ("POST", "/api/v1/aliases/bind", {"content": b"{}"}),
    500: ("GET", "/bug", {}),
    503: ("GET", "/database", {}),
}


@pytest.mark.parametrize("status", CASES)
def test_every_error_is_a_problem(client, status):
    method, path, options = CASES[status]
    if status == 401:
        del client.headers["X-Project-Key"]
        options = {}
    answer = client.request(method, path, **options)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) - {"errors"} == {"type", "title", "status", "detail", "request_id"}
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert problem["title"] == falcon.code_to_http_status(status)[4:]
    assert isinstance(problem["detail"], str)
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/database", "/late", "/unavailable"])
def test_503_has_a_retry_after_header(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize("path", ["/database", "/bug"])
def test_an_internal_failure_is_never_shown(client, path):
    answer = client.get(path)
    for inside in ("10.0.0.1", "password", "division", "Traceback", "OperationalError"):
        assert inside not in answer.text


def test_a_problem_has_its_field_errors_and_headers(client):
    answer = client.get("/problem")
    assert answer.json()["detail"] == "The alias is taken."
    assert answer.json()["errors"] == [{"loc": ["body", 3, "alias"], "msg": "Choose another."}]
    assert answer.headers["x-by"] == "us"


def test_405_names_the_methods_that_are_served(client):
    answer = client.patch("/api/v1/aliases/bind")
    assert "POST" in answer.headers["allow"]
    assert answer.json()["detail"] == "PATCH is not served at /api/v1/aliases/bind. See /docs for the routes."


def test_404_refers_to_the_documentation(client):
    assert client.get("/nowhere").json()["detail"] == "Nothing is served at /nowhere. See /docs for the routes."


def test_an_invalid_field_is_named(client):
    problem = client.post("/api/v1/aliases/bind", json={"alias": 1, "model": "m:n"}).json()
    assert problem["detail"] == "body.alias: Expected `str`, got `int`."
    assert problem["errors"] == [{"loc": ["body", "alias"], "msg": "Expected `str`, got `int`."}]


def test_an_invalid_item_of_a_list_is_named_by_its_index(client):
    body = [{"alias": "a", "model": "m:n"}, {"alias": "b", "model": 2}]
    problem = client.post("/api/v1/aliases/bulk_upsert", json=body).json()
    assert problem["errors"][0]["loc"] == ["body", 1, "model"]


def test_an_unknown_method_is_a_client_error(client):
    assert 400 <= client.request("BREW", "/health").status_code < 500


def test_a_failed_stream_does_not_end_as_if_it_were_complete(llmring_live, caplog):
    import httpx

    async def lines(self, req, resp):
        async def parts():
            yield b"one\n"
            await asyncio.sleep(0)
            raise RuntimeError("half way")

        resp.stream = parts()

    client = llmring_live([make_plugin("lines", llmring_routes=serves("/lines", lines, "get"))]).client()
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/lines")


@pytest.mark.parametrize("path", ["/", "/health", "/api/v1/aliases", "/echo", "/openapi.json"])
def test_head_responds_as_get_without_a_body(llmring_shared, path):
    client = llmring_shared(["aliases", ECHO]).client()
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    for header in ("content-type", "content-length"):
        assert head.headers[header] == get.headers[header]


def test_head_of_a_missing_item_is_404(llmring_shared):
    assert llmring_shared(["aliases"]).client().head("/api/v1/aliases/nothing").status_code == 404


@pytest.mark.parametrize("path", ["/health", "/api/v1/aliases", "/api/v1/aliases/nothing", "/docs", "/openapi.json"])
def test_a_trailing_slash_gives_the_same_response_without_a_redirect(llmring_shared, path):
    client = llmring_shared(["aliases"]).client()
    with_slash, without = client.get(path + "/"), client.get(path)
    assert with_slash.status_code == without.status_code != 307
    assert not with_slash.history
    if without.status_code == 200:
        assert with_slash.content == without.content


@pytest.mark.parametrize("query", ["?profile=", "?profile", "?profile=&unknown=", ""])
def test_a_blank_query_parameter_means_absent(llmring_shared, query):
    client = llmring_shared(["aliases"]).client()
    client.post("/api/v1/aliases/bind", json={"alias": "a", "model": "m:n", "profile": "other"})
    assert len(client.get(f"/api/v1/aliases{query}").json()) == 1


def test_u0000_in_a_query_is_422(llmring_shared):
    client = llmring_shared(["aliases"]).client()
    assert client.get("/api/v1/aliases?profile=a%00b").status_code == 422


def test_a_repeated_query_parameter_is_422(llmring_shared):
    client = llmring_shared(["aliases"]).client()
    assert client.get("/api/v1/aliases?profile=a&profile=b").status_code == 422


def test_a_request_may_render_its_problems_differently(llmring_live):
    def show(req, resp, problem):
        resp.content_type, resp.text = "text/plain", f"{problem.status}: {problem.detail}"

    async def fail(self, req, resp):
        req.context.show_problem = show
        raise {"bug": ZeroDivisionError(), "away": psycopg.OperationalError()}.get(
            req.query_string, Problem(409, "The alias is taken.")
        )

    client = llmring_live([make_plugin("own", llmring_routes=serves("/own", fail, "get", public=True))]).client()
    answers = [client.get(f"/own?{query}") for query in ("", "bug", "away")]
    assert [answer.status_code for answer in answers] == [409, 500, 503]
    assert answers[0].text == "409: The alias is taken."
    assert {answer.headers["content-type"] for answer in answers} == {"text/plain"}
