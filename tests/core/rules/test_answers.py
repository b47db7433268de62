"""The test kit fails a test whose responders do not answer what they declare."""

import msgspec
import pytest

from llmring_server.http.operations import operation
from llmring_server.http.routing import Route
from llmring_server.testing import live, make_plugin, make_settings
from llmring_server.testing.answers import matches


class Weather(msgspec.Struct):
    city: str


class Forecasts:
    @operation(answer=Weather)
    async def on_get_forgotten(self, req, resp):
        Weather("Rome")

    @operation(answer=Weather)
    async def on_get_other(self, req, resp):
        return {"town": "Rome"}

    @operation(answer=(list, Weather), also=(304,))
    async def on_get_right(self, req, resp):
        return Weather("Rome")

    @operation(answer=Weather, also=(304,))
    async def on_get_unchanged(self, req, resp):
        resp.status = 304


def ask(database, suffix):
    """Serve one of the responders, request it, and stop."""
    routes = [Route(path="/weather", resource=Forecasts(), suffix=suffix, public=True)]
    plugin = make_plugin("weather", llmring_routes=lambda server: routes)
    with live(make_settings(database), [plugin]) as server:
        return server.client().get("/weather").status_code


@pytest.mark.parametrize(
    ("suffix", "fault"),
    [
        ("forgotten", "GET /weather returns nothing, but declares Weather"),
        ("other", "GET /weather returns dict, but declares Weather"),
    ],
)
def test_another_answer_than_the_declared_one_fails_the_test(llmring_database, suffix, fault):
    with pytest.raises(AssertionError) as caught:
        ask(llmring_database, suffix)
    assert str(caught.value) == fault


@pytest.mark.parametrize(("suffix", "status"), [("right", 200), ("unchanged", 304)])
def test_the_declared_answer_passes(llmring_database, suffix, status):
    assert ask(llmring_database, suffix) == status


@pytest.mark.parametrize(
    ("value", "declared", "expected"),
    [
        ([Weather("Rome")], list[Weather], True),
        ([{"city": "Rome"}], list[Weather], False),
        (Weather("Rome"), Weather | None, True),
        ("Rome", Weather | list[str], False),
        ([msgspec.Raw(b"{}")], list[Weather], True),
        ({"city": 1}, dict[str, int], True),
    ],
)
def test_a_value_is_compared_with_a_type(value, declared, expected):
    assert matches(value, declared) is expected
