"""Hooks: their order, failures, and the plugin's name in the log."""

import pytest
from core_kit import echo_routes, serves

from llmring_server.errors import StartupError
from llmring_server.plugins.manager import load
from llmring_server.plugins.settings_model import PluginSettings
from llmring_server.testing import make_plugin


def test_every_hook_runs_in_conf_order():
    plugins = load([make_plugin(name, llmring_health=lambda server, n=name: [n]) for name in ("c", "a", "b")])
    assert [(plugin.name, value) for plugin, value in plugins.call_flat("llmring_health", str, server=None)] == [
        ("c", "c"),
        ("a", "a"),
        ("b", "b"),
    ]


def test_a_hook_may_omit_arguments():
    plugins = load([make_plugin("few", llmring_routes=lambda: ["route"])])
    assert [value for _, value in plugins.call_flat("llmring_routes", str, server=None)] == ["route"]


def test_middleware_runs_in_conf_order_after_the_hosts(llmring_live):
    passed = []

    def middleware(name):
        class Middleware:
            async def process_request(self, req, resp):
                passed.append((name, bool(req.context.request_id)))

            async def process_resource(self, req, resp, resource, params):
                passed.append((name, req.context.project_id[:4]))

        return make_plugin(name, llmring_middleware=lambda server: [Middleware()])

    plugins = [middleware("z"), middleware("a"), make_plugin("echo", llmring_routes=echo_routes)]
    assert llmring_live(plugins).client().get("/echo").status_code == 200
    assert passed == [("z", True), ("a", True), ("z", "prj_"), ("a", "prj_")]


def test_a_plugin_that_fails_on_a_request_gives_one_500_with_a_request_id_and_its_name_in_the_log(llmring_live, caplog):
    async def fail(self, req, resp):
        raise RuntimeError("a secret of the implementation")

    broken = make_plugin("broken", llmring_routes=serves("/fail", fail, "get"))
    server = llmring_live([broken, make_plugin("echo", llmring_routes=echo_routes)])
    answer = server.client().get("/fail", headers={"X-Request-ID": "abc-1"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == "abc-1"
    assert "secret" not in answer.text
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.getMessage() == "plugin 'broken' failed: GET /fail"
    assert "a secret of the implementation" in caplog.text
    assert server.client().get("/echo").status_code == 200


def test_failing_middleware_is_logged_with_its_plugins_name(llmring_live, caplog, distribution):
    source = """
from llmring_server.plugins.hookspecs import hookimpl

class Failing:
    async def process_request(self, req, resp):
        raise RuntimeError("in the middle")

@hookimpl
def llmring_middleware(server):
    return [Failing()]
"""
    distribution("acme-middle", "middle", source)
    answer = llmring_live(["middle"]).client().get("/health/live")
    assert answer.status_code == 500
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "plugin 'middle' failed: GET /health/live" in caplog.text


def test_a_service_is_available_before_the_server_starts(llmring_live):
    class Contract:
        pass

    provided = Contract()
    asked = []
    provider = make_plugin("provider", llmring_services=lambda server: {Contract: provided})
    asking = make_plugin("asking", llmring_routes=lambda server: asked.append(server.service(Contract)) or [])
    llmring_live([asking, provider])
    assert asked == [provided]


def test_a_provider_is_connected_to_the_services_of_a_plugin_that_is_listed_later(llmring_live):
    class Contract:
        pass

    provided, connected, order = Contract(), [], []
    first = make_plugin(
        "first",
        llmring_services=lambda server: {},
        llmring_connect=lambda server: connected.append(server.service(Contract)),
        llmring_routes=lambda server: order.append(len(connected)) or [],
    )
    later = make_plugin("later", llmring_services=lambda server: {Contract: provided})
    llmring_live([first, later])
    assert (connected, order) == ([provided], [1])


def test_a_default_replaces_a_missing_service(llmring_live):
    assert llmring_live([]).server.service(dict, None) is None


def test_settings_are_found_by_their_model(llmring_live):
    class Weather(PluginSettings):
        city: str = "Paris"

    plugin = make_plugin("weather", llmring_settings=lambda: Weather)
    server = llmring_live([plugin], weather={"city": "Rome"}).server
    assert server.plugin_settings(Weather).city == "Rome"
    with pytest.raises(StartupError, match="PluginSettings is not the settings model of an enabled plugin"):
        server.plugin_settings(PluginSettings)
