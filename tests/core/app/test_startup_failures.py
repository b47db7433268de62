"""Errors that stop the start, and that each message names the cause and the remedy."""

from contextlib import asynccontextmanager
from typing import Protocol, runtime_checkable

import pytest
from core_kit import Echo, echo_routes

from llmring_server.app import create_app
from llmring_server.errors import StartupError
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.plugins.manager import Plugin
from llmring_server.plugins.settings_model import PluginSettings
from llmring_server.settings import Settings
from llmring_server.testing import make_plugin


def startup_error(*plugins, **given):
    """Return the error of building an application with these plugins."""
    with pytest.raises(StartupError) as caught:
        create_app(Settings(plugins=[], database_url="postgresql://nowhere/none", **given), plugins)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_missing_plugin_is_reported_with_the_installed_ones_and_a_suggestion():
    assert str(startup_error("aliasses")) == (
        "plugin 'aliasses' is not installed; available: aliases, conversations, dashboard, keys, metrics, projects, "
        "ratelimit, receipts, registry, transparency, usage; did you mean 'aliases'?"
    )


def test_an_import_error_names_plugin_and_distribution_and_is_chained(distribution):
    distribution("acme-weather", "weather", "import nothing_like_this")
    error = startup_error("weather")
    assert str(error) == (
        "plugin 'weather' (distribution acme-weather) cannot be imported: "
        "ModuleNotFoundError: No module named 'nothing_like_this'"
    )
    assert isinstance(error.__cause__, ModuleNotFoundError)


def test_a_syntax_error_in_an_enabled_plugin_is_not_skipped(distribution):
    distribution("acme-syntax", "syntax", "def (")
    assert "plugin 'syntax' (distribution acme-syntax) cannot be imported: SyntaxError" in str(startup_error("syntax"))


def test_a_plugin_that_is_installed_but_not_enabled_is_not_imported(distribution):
    distribution("acme-broken", "broken", "raise RuntimeError('imported')")
    create_app(Settings(plugins=[], database_url="postgresql://nowhere/none"))


@pytest.mark.parametrize(
    "url",
    ["hidden-word", "hidden-word:6379", "http://:hidden-word@cache", "redis://:hidden-word#x@cache:x", "redis://[::1"]
    + [f"redis://:hidden-word@cache?{option}" for option in ("db=x", "socket_timeout=x", "unknown=1")],
)
def test_an_invalid_redis_url_is_reported_without_the_url(url):
    message = str(startup_error(redis_url=url))
    assert message.startswith("LLMRING_REDIS_URL is not a Redis URL; give redis://")
    assert "hidden-word" not in message


def test_an_unknown_hook_is_rejected_with_a_suggestion():
    message = str(startup_error(make_plugin("typo", llmring_route=lambda server: [])))
    assert message.startswith("plugin 'typo' (distribution given in code): unknown hook 'llmring_route' in plugin")
    assert message.endswith("did you mean 'llmring_routes'?")


def test_a_wrong_argument_is_rejected():
    message = str(startup_error(make_plugin("wrong", llmring_routes=lambda app: [])))
    assert message.startswith("plugin 'wrong' (distribution given in code): Plugin 'wrong' for hook 'llmring_routes'")
    assert "{'app'} are declared in the hookimpl but can not be found in the hookspec" in message


def test_a_set_up_hook_must_not_be_a_coroutine():
    async def llmring_routes(server):
        return []

    assert str(startup_error(make_plugin("mixed", llmring_routes=llmring_routes))) == (
        "plugin 'mixed' (distribution given in code): llmring_routes is a coroutine function; make it a plain `def`"
    )


def test_an_event_must_be_a_coroutine():
    assert str(startup_error(make_plugin("mixed", llmring_usage_recorded=lambda server, entries: None))) == (
        "plugin 'mixed' (distribution given in code): llmring_usage_recorded is not a coroutine function; "
        "make it `async def`"
    )


@pytest.mark.parametrize("option", ["tryfirst", "trylast"])
def test_ordering_options_are_rejected(option):
    class Marked:
        @hookimpl(**{option: True})
        def llmring_routes(self, server):
            return []

    message = str(startup_error(Plugin("marked", Marked())))
    assert message.endswith(f"llmring_routes is marked {option}; only the order in conf decides")


def test_one_plugin_listed_twice_is_rejected():
    assert str(startup_error("aliases", "aliases")).endswith("is listed twice in plugins")


def test_one_route_of_two_plugins_names_both():
    again = make_plugin("again", llmring_routes=lambda server: [Route(path="/api/v1/aliases/{name}", resource=Echo())])
    assert str(startup_error("aliases", again)) == (
        "route /api/v1/aliases/{name} of plugin 'again' and /api/v1/aliases/{alias} of plugin 'aliases' are the same; "
        "give one of them another path"
    )


def test_two_field_names_at_one_level_name_both_plugins():
    path = "/api/v1/aliases/{x}/y"
    deeper = make_plugin("deeper", llmring_routes=lambda server: [Route(path=path, resource=Echo())])
    assert str(startup_error("aliases", deeper)) == (
        "plugin 'deeper': route /api/v1/aliases/{x}/y: {x} is {alias} in /api/v1/aliases/{alias} of plugin 'aliases'; "
        "give the field the same name"
    )


@runtime_checkable
class Forecast(Protocol):
    """A contract to provide twice."""

    def tomorrow(self) -> str: ...


class Sunny:
    def tomorrow(self):
        return "sun"


def test_one_service_of_two_plugins_names_both():
    one, two = (make_plugin(name, llmring_services=lambda server: {Forecast: Sunny()}) for name in ("one", "two"))
    assert str(startup_error(one, two)) == (
        "Forecast is provided by plugin 'one' (distribution given in code) and plugin 'two' "
        "(distribution given in code); disable one of them"
    )


def test_a_provider_that_does_not_fulfil_its_contract_is_rejected():
    message = str(startup_error(make_plugin("empty", llmring_services=lambda server: {Forecast: "rain"})))
    assert message == "plugin 'empty' (distribution given in code): 'rain' does not fulfil Forecast: it has no tomorrow"


def test_a_missing_service_names_the_plugin_that_needs_it():
    asking = make_plugin("asking", llmring_routes=lambda server: server.service(Forecast))
    assert str(startup_error(asking)).startswith(
        "plugin 'asking' (distribution given in code): no enabled plugin provides Forecast; enable one that does"
    )


def test_a_variable_of_a_plugin_and_the_host_names_both():
    class Claims(PluginSettings):
        url: str = ""

    claims = make_plugin("database", llmring_settings=lambda: Claims)
    assert str(startup_error(claims)) == (
        "setting LLMRING_DATABASE_URL is claimed by the host and plugin 'database' (distribution given in code); "
        "rename one"
    )


def migration(folder, *names):
    folder.mkdir()
    for name in names:
        (folder / name).write_text("SELECT 1;")
    return folder


def test_one_migration_id_of_two_plugins_names_both(tmp_path):
    one = migration(tmp_path / "one", "one-0001-create.sql")
    two = migration(tmp_path / "two", "one-0001-create.sql")
    plugins = [make_plugin("one", llmring_migrations=lambda: one), make_plugin("two", llmring_migrations=lambda: two)]
    assert str(startup_error(*plugins)) == "migration 'one-0001-create' belongs to plugin 'one' and plugin 'two'"


def test_a_migration_without_its_owners_prefix_is_rejected(tmp_path):
    folder = migration(tmp_path / "one", "0001-create.sql")
    assert str(startup_error(make_plugin("one", llmring_migrations=lambda: folder))) == (
        "migration '0001-create' of plugin 'one' must be named one-<number>-<description>"
    )


@pytest.mark.parametrize("made", [True, False], ids=["empty", "missing"])
def test_a_source_without_migrations_is_rejected(tmp_path, made):
    folder = migration(tmp_path / "none") if made else tmp_path / "none"
    assert str(startup_error(make_plugin("bare", llmring_migrations=lambda: folder))) == (
        f"plugin 'bare' names {folder} as its migrations, but there are none in it"
    )


def test_two_distributions_with_one_plugin_are_both_named(distribution):
    distribution("acme-one", "weather", "", module="one_module")
    distribution("acme-two", "weather", "", module="two_module")
    message = str(startup_error("aliases"))
    assert message.startswith("two distributions have a plugin 'weather': ")
    assert "acme-one" in message
    assert "acme-two" in message


def test_a_hook_that_raises_is_named_and_the_cause_chained():
    error = startup_error(make_plugin("raising", llmring_routes=lambda server: 1 / 0))
    assert str(error) == (
        "plugin 'raising' (distribution given in code): llmring_routes raised ZeroDivisionError: division by zero"
    )
    assert isinstance(error.__cause__, ZeroDivisionError)


def failing_generator(server):
    yield from echo_routes(server)
    raise LookupError("half way")


def test_a_hook_that_fails_half_way_is_named():
    message = str(startup_error(make_plugin("half", llmring_routes=failing_generator)))
    assert message.endswith("llmring_routes raised LookupError: half way")


@asynccontextmanager
async def nothing(server):
    yield


WRONG = {
    "llmring_settings": lambda: Settings,
    "llmring_migrations": lambda: "/somewhere",
    "llmring_services": lambda server: [Forecast],
    "llmring_routes": lambda server: ["/path"],
    "llmring_middleware": lambda server: [object()],
    "llmring_health": lambda server: [nothing],
}


@pytest.mark.parametrize("hook", WRONG)
def test_an_invalid_value_of_a_hook_is_rejected_by_name(hook):
    message = str(startup_error(make_plugin("odd", **{hook: WRONG[hook]})))
    assert message.startswith("plugin 'odd' (distribution given in code): ")
    assert hook in message


def test_a_connection_that_returns_something_is_rejected_by_name():
    message = str(startup_error(make_plugin("odd", llmring_connect=lambda server: {Forecast: Sunny()})))
    assert message.startswith("plugin 'odd' (distribution given in code): llmring_connect returned")


@pytest.mark.parametrize("hook", [hook for hook in WRONG if hook != "llmring_settings"])
def test_a_hook_that_returns_nothing_is_rejected_by_name(hook):
    function = (lambda: None) if hook == "llmring_migrations" else (lambda server: None)
    assert f"{hook} returned None" in str(startup_error(make_plugin("forgetful", **{hook: function})))


def test_middleware_that_is_not_a_coroutine_is_rejected_by_name():
    class Sync:
        def process_request(self, req, resp):
            pass

    message = str(startup_error(make_plugin("blocking", llmring_middleware=lambda server: [Sync()])))
    assert message.startswith("plugin 'blocking' (distribution given in code): llmring_middleware returned ")


def test_a_responder_that_is_not_a_coroutine_is_rejected_by_name():
    class Sync:
        def on_get(self, req, resp):
            pass

    sync = make_plugin("blocking", llmring_routes=lambda server: [Route(path="/sync", resource=Sync())])
    assert str(startup_error(sync)).startswith("plugin 'blocking': route /sync: ")


def test_a_route_without_responders_is_rejected_by_name():
    empty = make_plugin("empty", llmring_routes=lambda server: [Route(path="/empty", resource=object())])
    assert "plugin 'empty': route /empty: " in str(startup_error(empty))


@pytest.mark.parametrize("path", ["relative", "/slash/"])
def test_a_path_must_begin_with_a_slash_and_not_end_with_one(path):
    slashed = make_plugin("slashed", llmring_routes=lambda server: [Route(path=path, resource=Echo())])
    assert str(startup_error(slashed)) == f"plugin 'slashed': route {path!r} must begin with / and not end with /"


def test_a_duplicate_command_is_named(llmring_cli, distribution):
    source = (
        "import click\nfrom llmring_server.plugins.hookspecs import hookimpl\n"
        "@hookimpl\ndef llmring_commands():\n    return [click.Command('migrate')]\n"
    )
    folder = distribution("acme-command", "command", source)
    done = llmring_cli("nothing", LLMRING_PLUGINS="command", PYTHONPATH=str(folder))
    assert done.returncode == 1
    assert done.stderr == (
        "llmring-server: plugin 'command' (distribution acme-command): the command 'migrate' already exists; "
        "choose another name\n"
    )
