"""Body limits: how large and how deep the body of the route that was matched may be."""

import falcon.asgi

from llmring_server.routing import RouteTable
from llmring_server.settings import Settings
from llmring_server.wire import Limits


class BodyLimits:
    """Middleware: sets `req.context.limits`, which every reader of a body keeps to."""

    def __init__(self, settings: Settings, routes: RouteTable) -> None:
        self._limits = {
            template: Limits(
                route.max_body or (settings.max_batch_bytes if route.batch else settings.max_body_bytes),
                settings.max_body_depth,
            )
            for template, route in routes.by_template.items()
        }

    async def process_resource(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, params: dict[str, str]
    ) -> None:
        """Note the limits of the matched route on the request."""
        req.context.limits = self._limits[req.uri_template or ""]
