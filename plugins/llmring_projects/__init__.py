"""Projects: their names and time zones, and the operator's view of all of them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from llmring_projects.directory import ProjectDirectory
from llmring_projects.operator import OperatorProjectList, OperatorStatistics, OperatorToken
from llmring_projects.resources import ProjectResource
from llmring_projects.settings import ProjectSettings
from llmring_server import bundled
from llmring_server.contracts.projects import ManagedProjects, OperatorReading, ProjectNames, ReservedKeys
from llmring_server.http.routing import Route
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.server import Server

PREFIX = "/api/v1"


@hookimpl
def llmring_settings() -> type[ProjectSettings]:
    """Read `[projects]`."""
    return ProjectSettings


@hookimpl
def llmring_migrations() -> Path:
    """Create `project_details`."""
    return bundled.migrations("projects")


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Provide the names of projects, and the operator's token, which is no project key."""
    directory = ProjectDirectory(server.database, server.notifications)
    token = server.plugin_settings(ProjectSettings).operator_token
    operator = OperatorToken(token, "LLMRING_OPERATOR_TOKEN", "The operator's routes are")
    return {ProjectDirectory: directory, ProjectNames: directory, OperatorToken: operator, ReservedKeys: operator}


@hookimpl
def llmring_connect(server: Server) -> None:
    """Use the names that projects of managed keys were created with."""
    server.service(ProjectDirectory).managed = server.service(ManagedProjects, default=None)


@hookimpl
def llmring_routes(server: Server) -> Iterable[Route]:
    """Serve `/project`, and `/operator/…` where usage is enabled."""
    directory = server.service(ProjectDirectory)
    reading = server.service(OperatorReading, default=None)
    routes = [Route(path=f"{PREFIX}/project", resource=ProjectResource(directory))]
    if reading is not None:
        token, managed = server.service(OperatorToken), server.service(ManagedProjects, default=None)
        projects = OperatorProjectList(token, reading, directory, managed)
        statistics = OperatorStatistics(token, reading, directory)
        routes.append(Route(path=f"{PREFIX}/operator/projects", resource=projects, public=True))
        routes.append(Route(path=f"{PREFIX}/operator/stats", resource=statistics, public=True))
    return routes
