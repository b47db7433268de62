"""`create_app`: builds the ASGI application from settings and plugins."""

from collections.abc import Iterable
from types import TracebackType
from typing import Any

import falcon.asgi

from llmring_server.contracts.serving import FrontPage, RecentKeys
from llmring_server.errors import StartupError
from llmring_server.http import errors
from llmring_server.http.codec import JSON
from llmring_server.http.endpoints.docs import Docs
from llmring_server.http.endpoints.health import DATABASE, Health, HealthCheck, Root
from llmring_server.http.exchange import Receive, Scope, Send
from llmring_server.http.middleware.access_log import AccessLog
from llmring_server.http.middleware.authorization import AuthorizationMiddleware
from llmring_server.http.middleware.cors import BrowserHeaders
from llmring_server.http.middleware.limits import ASGIApp, RequestLimits
from llmring_server.http.middleware.request_id import RequestIdMiddleware
from llmring_server.http.openapi import Specification
from llmring_server.http.routing import Route, Router, RouteTable
from llmring_server.plugins.callables import check_health, check_middleware
from llmring_server.plugins.manager import CORE, Plugin, load
from llmring_server.server import Server
from llmring_server.serving.lifecycle import Lifecycle
from llmring_server.serving.shutdown import ConnectionCloseMiddleware
from llmring_server.settings import Settings, load_settings


def create_app(settings: Settings | None = None, plugins: Iterable[str | Plugin] | None = None) -> ASGIApp:
    """Build the application with its own plugin manager, server and routes; nothing is opened yet.

    By default, `settings` are read from conf file and environment, and `plugins` are those of the settings.

    Raises:
        StartupError: any error in settings, plugins or routes that can be detected before connecting.
    """
    return mount_app(*compose(settings or load_settings(), plugins))


def mount_app(server: Server, routes: RouteTable) -> ASGIApp:
    """Return the ASGI application of a server and its routes: Falcon's, wrapped by the ASGI middleware."""
    lifecycle = Lifecycle(server)
    app: falcon.asgi.App[Any, Any] = falcon.asgi.App(
        middleware=[lifecycle, *_middleware(server, routes)], media_type=JSON, router=Router()
    )
    app.req_options.strip_url_path_trailing_slash = True
    app.req_options.keep_blank_qs_values = False
    app.req_options.auto_parse_qs_csv = False
    routes.mount(app)
    server.on_shutdown(lambda: app.add_middleware(ConnectionCloseMiddleware(server.drain)))

    def owner(req: falcon.asgi.Request, traceback: TracebackType | None) -> str:
        return server.plugins.owner(traceback) or routes.owner(req.uri_template) or CORE

    errors.install(app, owner)
    limits = server.settings.connections
    lifespan = app if server.settings.log_level == "debug" else _with_short_startup_errors(app, lifecycle)
    return RequestLimits(app, limits.arrival, limits.unread, lifespan)


def _with_short_startup_errors(app: ASGIApp, lifecycle: Lifecycle) -> ASGIApp:
    """Return `app` for lifespans, with a failed start reported in one line instead of with Falcon's traceback."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_short(event: dict[str, Any]) -> None:
            if event["type"] == "lifespan.startup.failed" and lifecycle.failure is not None:
                event = {**event, "message": str(lifecycle.failure)}
            await send(event)

        await app(scope, receive, send_short)

    return serve


def compose(settings: Settings, plugins: Iterable[str | Plugin] | None = None) -> tuple[Server, RouteTable]:
    """Build the server and its routes, as `create_app` does before it mounts them."""
    server = Server(settings, load(settings.plugins if plugins is None else plugins))
    routes = RouteTable()
    specification = Specification()
    routes.add(CORE, _core_routes(server, specification))
    for plugin, route in server.plugins.call_flat("llmring_routes", Route, server=server):
        routes.add(plugin.name, [route])
    for plugin, component in server.plugins.call_flat("llmring_middleware", object, server=server):
        server.middleware.append(check_middleware(plugin, component))
        routes.statuses.update(getattr(component, "statuses", ()))
    specification.render(routes)
    return server, routes


def _middleware(server: Server, routes: RouteTable) -> list[Any]:
    """Return the middleware, outermost first: the host's own, then the plugins' in conf order."""
    settings = server.settings
    return [
        RequestIdMiddleware(),
        BrowserHeaders(settings.cors_origins),
        *([AccessLog(server.request_log)] if settings.log_level in ("debug", "info") else []),
        AuthorizationMiddleware(
            settings, server.projects, routes, server.service(RecentKeys, default=None), lambda: server.waiting
        ),
        *server.middleware,
    ]


def _core_routes(server: Server, specification: Specification) -> list[Route]:
    checks = [HealthCheck(DATABASE, server.database.check_writable)]
    for plugin, check in server.plugins.call_flat("llmring_health", HealthCheck, server=server):
        check_health(plugin, check)
        if check.name in {other.name for other in checks}:
            raise StartupError(f"{plugin}: the health check {check.name!r} already exists; choose another name")
        checks.append(check)
    health, docs = Health(checks, server.drain, lambda: server.waiting), Docs()
    return [
        Route(path="/", resource=Root(server.plugins.names, server.service(FrontPage, default=None)), public=True),
        Route(path="/health", resource=health, public=True),
        Route(path="/health/live", resource=health, suffix="live", public=True),
        Route(path="/health/ready", resource=health, suffix="ready", public=True),
        Route(path="/openapi.json", resource=specification, public=True),
        Route(path="/docs", resource=docs, public=True),
        Route(path="/docs/{name}", resource=docs, suffix="file", public=True),
    ]
