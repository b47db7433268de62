"""`create_app`: from settings and plugins to an ASGI application; reads like a table of contents."""

from collections.abc import Iterable
from types import TracebackType
from typing import Any

import falcon.asgi

from llmring_server import errors
from llmring_server.admission import Admission
from llmring_server.contracts.pages import FrontPage
from llmring_server.cors import Cors
from llmring_server.docs import Docs
from llmring_server.errors import StartupError
from llmring_server.exchange import AnyRequest
from llmring_server.health import DATABASE, Health, HealthCheck, Root
from llmring_server.lifecycle import Application, Server
from llmring_server.openapi import Specification
from llmring_server.plugins import CORE, Plugin, load
from llmring_server.reception import Reception
from llmring_server.routing import Route, Router, RouteTable
from llmring_server.settings import Settings, load_settings
from llmring_server.stopping import LastAnswers
from llmring_server.tracing import AccessLog
from llmring_server.wire import JSON

App = falcon.asgi.App[Any, Any]


def create_app(settings: Settings | None = None, plugins: Iterable[str | Plugin] | None = None) -> App:
    """Build the application: a plugin manager, a server and routes of its own; nothing is opened yet.

    `settings` come from conf file and environment when not given; `plugins` are the settings' when not given.

    Raises:
        StartupError: anything about settings, plugins or routes that can be found wrong before connecting.
    """
    return mounted(*compose(settings or load_settings(), plugins))


def mounted(server: Server, routes: RouteTable) -> App:
    """Return the ASGI application of a server and its routes."""
    app = Application(server, _middleware(server, routes), media_type=JSON, router=Router())
    app.req_options.strip_url_path_trailing_slash = True
    app.req_options.keep_blank_qs_values = False
    app.req_options.auto_parse_qs_csv = False
    routes.mount(app)
    if all(getattr(component, "direct", False) for component in server.middleware):
        app.open_ways(route for _, route in routes.items())
    server.at_stop(lambda: app.add_middleware(LastAnswers(server.drain)))

    def owner(req: AnyRequest, traceback: TracebackType | None) -> str:
        return server.plugins.owner(traceback) or routes.owner(req.uri_template) or CORE

    errors.install(app, owner)
    return app


def compose(settings: Settings, plugins: Iterable[str | Plugin] | None = None) -> tuple[Server, RouteTable]:
    """Build the server and its routes, as `create_app` does before it mounts them."""
    server = Server(settings, load(settings.plugins if plugins is None else plugins))
    routes = RouteTable()
    specification = Specification()
    routes.add(CORE, _core_routes(server, specification))
    for plugin, route in server.plugins.every("llmring_routes", Route, server=server):
        routes.add(plugin.name, [route])
    for plugin, component in server.plugins.every("llmring_middleware", object, server=server):
        server.middleware.append(_accepted(plugin, component))
        routes.statuses.update(getattr(component, "statuses", ()))
    specification.render(routes)
    return server, routes


def _middleware(server: Server, routes: RouteTable) -> list[Any]:
    """Return what every request passes, outermost first: the host's own, then the plugins' in conf order."""
    settings = server.settings
    return [
        Reception(Cors(settings.cors_origins)),
        *([AccessLog()] if settings.log_level in ("debug", "info") else []),
        Admission(settings, server.projects, routes),
        *server.middleware,
    ]


def _accepted(plugin: Plugin, component: Any) -> Any:
    """Return a middleware component, or raise the StartupError that names whose it is and why Falcon refuses it."""
    try:
        falcon.asgi.App(middleware=[component])
    except (TypeError, AttributeError, falcon.errors.CompatibilityError) as error:
        raise StartupError(f"{plugin}: llmring_middleware gave {component!r}: {error}") from error
    return component


def _core_routes(server: Server, specification: Specification) -> list[Route]:
    checks = [HealthCheck(DATABASE, server.database.ping)]
    for plugin, check in server.plugins.every("llmring_health", HealthCheck, server=server):
        if check.name in {other.name for other in checks}:
            raise StartupError(f"{plugin}: the health check {check.name!r} is taken; give it another name")
        checks.append(check)
    health, docs = Health(checks, server.drain), Docs()
    return [
        Route(path="/", resource=Root(server.plugins.names, server.service(FrontPage, default=None)), public=True),
        Route(path="/health", resource=health, public=True),
        Route(path="/health/live", resource=health, suffix="live", public=True),
        Route(path="/health/ready", resource=health, suffix="ready", public=True),
        Route(path="/openapi.json", resource=specification, public=True),
        Route(path="/docs", resource=docs, public=True),
        Route(path="/docs/{name}", resource=docs, suffix="file", public=True),
    ]
