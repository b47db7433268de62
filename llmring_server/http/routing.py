"""Routes: declared by plugins, checked for conflicts and added to Falcon."""

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

import falcon.asgi
import falcon.routing
import msgspec

from llmring_server.errors import StartupError
from llmring_server.http.operations import find_responder_fault

FIELD = re.compile(r"\{([^{}:]*)(:[^{}]*)?\}")


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One path and its resource.

    `path` is a Falcon template (`/api/v1/aliases/{alias}`), served with and without a trailing slash; `suffix`
    selects the responders `on_get_<suffix>`. A `public` route requires no project key. A `batch` route accepts bodies
    up to `LLMRING_MAX_BATCH_BYTES`; `max_body` is an explicit limit in bytes. A route with `during_outage` serves
    requests while the database is down: also of keys that cannot be confirmed, as `RecentKeys` describes, and before
    the database has answered for the first time, as `OutageService` does.
    """

    path: str
    resource: object
    suffix: str | None = None
    public: bool = False
    batch: bool = False
    max_body: int | None = None
    during_outage: bool = False

    def responders(self) -> dict[str, Any]:
        """Return the responders by HTTP method, `{"GET": …}`."""
        ending = f"_{self.suffix}" if self.suffix else ""
        found = {}
        for name, member in inspect.getmembers(self.resource, inspect.ismethod):
            match = re.fullmatch(rf"on_(get|post|put|patch|delete|head){re.escape(ending)}", name)
            if match:
                found[match[1].upper()] = member
        return found


class Router(falcon.routing.CompiledRouter):
    """Falcon's router with HEAD for every route that has GET (RFC 9110 §9.3.2); Falcon omits the body."""

    def map_http_methods(self, resource: object, **kwargs: Any) -> Any:
        """Map HEAD to the responder of GET unless the resource has one for HEAD."""
        found = super().map_http_methods(resource, **kwargs)
        return {"HEAD": found["GET"], **found} if "GET" in found else found


class RouteTable:
    """The routes of the server by normalised template, each with its owner.

    `statuses` are those that middleware may answer any request with.
    """

    def __init__(self) -> None:
        self.statuses: set[int] = set()
        self._owners: dict[str, tuple[str, Route]] = {}
        self.by_template: dict[str, Route] = {}

    def add(self, owner: str, routes: Iterable[Route]) -> None:
        """Add an owner's routes.

        Raises:
            StartupError: not a Route, no responder, or a duplicate template; the message names both owners.
        """
        for route in routes:
            self._check(owner, route)
            self._owners[normalise(route.path)] = (owner, route)
            self.by_template[route.path] = route

    def mount(self, app: "falcon.asgi.App[Any, Any]") -> None:
        """Add every route to Falcon.

        Raises:
            StartupError: Falcon rejects a template.
        """
        for owner, route in self._owners.values():
            try:
                app.add_route(route.path, route.resource, suffix=route.suffix)
            except (ValueError, TypeError) as error:
                raise StartupError(f"plugin {owner!r}: route {route.path}: {self._clash(route) or error}") from error

    def owner(self, template: str | None) -> str | None:
        """Return the owner of a template, or None."""
        return self._owners.get(normalise(template or ""), (None, None))[0]

    def items(self) -> list[tuple[str, Route]]:
        """Return owner and route, in the order they were added."""
        return list(self._owners.values())

    @property
    def routes(self) -> Mapping[str, Route]:
        """The routes by template as declared."""
        return self.by_template

    def _clash(self, route: Route) -> str | None:
        """Return a message about the route that has a different field at the same position, or None."""
        for owner, other in self._owners.values():
            steps = zip(route.path.split("/"), other.path.split("/"), strict=False)
            mine, theirs = next(((a, b) for a, b in steps if a != b), ("", ""))
            if FIELD.fullmatch(mine) and FIELD.fullmatch(theirs):
                return f"{mine} is {theirs} in {other.path} of plugin {owner!r}; give the field the same name"
        return None

    def _check(self, owner: str, route: Route) -> None:
        if not isinstance(route, Route):
            raise StartupError(
                f"plugin {owner!r}: llmring_routes returned {route!r}; return llmring_server.http.routing.Route objects"
            )
        if not route.path.startswith("/") or (route.path != "/" and route.path.endswith("/")):
            raise StartupError(f"plugin {owner!r}: route {route.path!r} must begin with / and not end with /")
        if not route.responders():
            raise StartupError(f"plugin {owner!r}: route {route.path}: {route.resource!r} has no on_get, on_post, …")
        taken = self._owners.get(normalise(route.path))
        if taken:
            raise StartupError(
                f"route {route.path} of plugin {owner!r} and {taken[1].path} of plugin {taken[0]!r} are the same; "
                "give one of them another path"
            )
        fields = [name for name, _ in FIELD.findall(route.path)]
        for responder in route.responders().values():
            fault = find_responder_fault(responder, fields)
            if fault:
                raise StartupError(f"plugin {owner!r}: route {route.path}: {fault}")


def normalise(template: str) -> str:
    """Return a template without its field names: two routes with the same result conflict."""
    return FIELD.sub("{}", template.rstrip("/") or "/")
