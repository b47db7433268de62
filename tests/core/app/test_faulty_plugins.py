"""Kinds of faulty plugins: each is refused at start, in one line with its owner and the remedy."""

from typing import Protocol

import pytest

from llmring_server.app import create_app
from llmring_server.errors import StartupError
from llmring_server.http.endpoints.health import HealthCheck
from llmring_server.http.operations import operation
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.plugins.manager import Plugin
from llmring_server.plugins.settings_model import PluginSettings
from llmring_server.settings import Settings
from llmring_server.testing import make_plugin


class Forecast(Protocol):
    """A contract, without run-time checks."""

    unit: str

    async def tomorrow(self) -> str: ...
    async def today(self) -> str: ...


class Half:
    unit = "degrees"

    async def today(self):
        return "rain"


async def check(self_given_twice):
    pass


class Asked:
    @operation(query=int, body=int, answer=int)
    async def on_get(self, req, resp, body):
        return body

    @operation()
    def on_get_plain(self, req, resp):
        pass

    @operation(answer=int)
    async def on_get_fields(self, req, resp, city):
        return city

    async def on_get_falcon(self, req, resp, town):
        pass

    async def on_get_less(self, req):
        pass

    @operation(body=int, raw=True)
    async def on_post_raw(self, req, resp, content):
        pass


class TwoArguments:
    async def process_response(self, req, resp):
        pass


class NoParams:
    async def process_resource(self, req, resp, resource):
        pass


class Fine:
    async def process_request(self, req, resp):
        pass

    async def process_resource_ws(self, req, ws):
        pass


def routes(path, suffix):
    return {"llmring_routes": lambda server: [Route(path=path, resource=Asked(), suffix=suffix)]}


FAULTS = {
    "a responder without the query": (
        routes("/a", None),
        "route /a: Asked.on_get is called with (req, resp, body, query), from the path and the operation, but: got an "
        "unexpected keyword argument 'query'",
    ),
    "an operation on a plain function": (
        routes("/a", "plain"),
        "route /a: Asked.on_get_plain is not a coroutine function; make it `async def`",
    ),
    "a parameter that is not in the path": (routes("/a", "fields"), "but: missing a required argument: 'city'"),
    "a field without a parameter": (
        routes("/a/{city}/{day:int}", "fields"),
        "Asked.on_get_fields is called with (req, resp, city, day), from the path and the operation, but: got an "
        "unexpected keyword argument 'day'",
    ),
    "a plain responder with another field": (routes("/{city}", "falcon"), "but: missing a required argument: 'town'"),
    "a responder without a response": (routes("/a", "less"), "but: too many positional arguments"),
    "a raw body under another name": (routes("/a", "raw"), "but: missing a required argument: 'content'"),
    "middleware with too few arguments": (
        {"llmring_middleware": lambda server: [TwoArguments()]},
        "Falcon calls TwoArguments.process_response with (req, resp, resource, req_succeeded), but: too many "
        "positional arguments",
    ),
    "middleware without parameters of the path": (
        {"llmring_middleware": lambda server: [NoParams()]},
        "Falcon calls NoParams.process_resource with (req, resp, resource, params), but: too many positional arguments",
    ),
    "middleware for websockets": (
        {"llmring_middleware": lambda server: [Fine()]},
        "Falcon calls Fine.process_resource_ws with (req, ws, resource, params), but: too many positional arguments",
    ),
    "a health check that is not a coroutine": (
        {"llmring_health": lambda server: [HealthCheck("disk", lambda: None)]},
        "the health check 'disk' is not a coroutine function; make it `async def`",
    ),
    "a health check with an argument": (
        {"llmring_health": lambda server: [HealthCheck("disk", check)]},
        "the health check 'disk' is called without arguments, but: missing a required argument: 'self_given_twice'",
    ),
    "a provider without a method": (
        {"llmring_services": lambda server: {Forecast: Half()}},
        "does not fulfil Forecast: it has no tomorrow",
    ),
    "a provider of a class that it is not": (
        {"llmring_services": lambda server: {Half: "rain"}},
        "'rain' is not an instance of Half",
    ),
    "a service by name": (
        {"llmring_services": lambda server: {"forecast": Half()}},
        "llmring_services returned the key 'forecast'; return contract → provider",
    ),
}


def startup_error(*plugins, **tables):
    """Return the message of building an application with these plugins."""
    with pytest.raises(StartupError) as caught:
        create_app(Settings(plugins=[], database_url="postgresql://nowhere/none", tables=tables), plugins)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_stops_the_start_in_one_line_with_owner_and_remedy(kind):
    hooks, expected = FAULTS[kind]
    message = startup_error(make_plugin("faulty", **hooks))
    assert message.startswith("plugin 'faulty'")
    assert message.endswith(expected)


def test_a_responder_may_have_a_parameter_with_a_default_that_middleware_sets():
    class Optional:
        async def on_get(self, req, resp, user=None, *, city):
            pass

    plugin = make_plugin("fine", llmring_routes=lambda server: [Route(path="/{city}", resource=Optional())])
    create_app(Settings(plugins=[], database_url="postgresql://nowhere/none"), [plugin])


def test_a_service_of_a_plugin_that_is_listed_later_is_explained():
    first = make_plugin("first", llmring_services=lambda server: {Half: server.service(Forecast)})
    later = make_plugin("later", llmring_services=lambda server: {Forecast: type("Whole", (Half,), {"tomorrow": 1})()})
    assert startup_error(first, later) == (
        "plugin 'first' (distribution given in code): llmring_services needs Forecast of plugin 'later' (distribution "
        "given in code), which is listed later; list it before, or request the service in llmring_connect"
    )
    assert "no enabled plugin provides Forecast" in startup_error(first)


def migrations(folder, owner, text):
    path = folder / owner
    path.mkdir()
    (path / f"{owner}-0001-create.sql").write_text(text)
    return make_plugin(owner, llmring_migrations=lambda: path)


def test_one_table_of_two_plugins_names_both(tmp_path):
    text = "CREATE TABLE IF NOT EXISTS one_of_them (id int);"
    plugins = [migrations(tmp_path, "one", text), migrations(tmp_path, "two", text)]
    assert startup_error(*plugins) == (
        "table 'one_of_them' is created by migration one-0001-create of plugin 'one' and migration two-0001-create of "
        "plugin 'two'; choose another name, two_…"
    )


def test_a_table_must_begin_with_the_name_of_its_plugin(tmp_path):
    assert startup_error(migrations(tmp_path, "my-plugin", "CREATE TABLE jobs (id int);")) == (
        "table 'jobs' of migration my-plugin-0001-create of plugin 'my-plugin' must begin with the plugin's name: "
        "my_plugin_…"
    )


def test_an_optional_hook_that_the_server_does_not_specify_is_accepted():
    class Newer:
        @hookimpl(optionalhook=True)
        def llmring_of_the_future(self, server):
            raise NotImplementedError

    create_app(Settings(plugins=[], database_url="postgresql://nowhere/none"), [Plugin("newer", Newer())])


def test_a_function_named_like_a_hook_without_its_mark_is_logged(llmring_live, caplog):
    class Unmarked:
        def llmring_routes(self, server):
            raise NotImplementedError

    llmring_live([Plugin("unmarked", Unmarked())])
    assert (
        "plugin 'unmarked' (distribution given in code): llmring_routes is not marked with hookimpl and is not called"
        in caplog.messages
    )


class Lists(PluginSettings):
    cities: tuple[str, ...] = ()
    days: list[int] | None = None
    units: dict[str, str] = {}


def test_a_list_is_given_by_commas(llmring_live, monkeypatch):
    plugin = make_plugin("weather", llmring_settings=lambda: Lists)
    monkeypatch.setenv("LLMRING_WEATHER_CITIES", "Paris, Rome")
    monkeypatch.setenv("LLMRING_WEATHER_UNITS", '{"heat": "K"}')
    given = llmring_live([plugin], weather={"days": "1,2"}).server.plugin_settings(Lists)
    assert (given.cities, given.days, given.units) == (("Paris", "Rome"), [1, 2], {"heat": "K"})


def test_an_invalid_list_is_named_in_one_line(monkeypatch):
    monkeypatch.setenv("LLMRING_WEATHER_DAYS", "1,x")
    message = startup_error(make_plugin("weather", llmring_settings=lambda: Lists))
    assert message.startswith(
        "plugin 'weather': setting 'days' (LLMRING_WEATHER_DAYS): Input should be a valid integer"
    )
