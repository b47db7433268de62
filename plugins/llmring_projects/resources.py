"""`/api/v1/project`: the name and the time zone of the key's project."""

from typing import Annotated

import falcon.asgi
import msgspec

from llmring_projects.directory import ProjectDirectory
from llmring_server.contracts.projects import ProjectDetails
from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation
from llmring_server.runtime.timezones import zone_of


class ProjectUpdate(msgspec.Struct, frozen=True):
    """A project's name, and the IANA time zone of its statistics: null for the reporting zone of the deployment."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    timezone: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class ProjectResource:
    """The details of the project that a key opens."""

    def __init__(self, directory: ProjectDirectory) -> None:
        self._directory = directory

    @operation(answer=ProjectDetails)
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> ProjectDetails:
        """Return the id of this key's project, its name and its time zone."""
        return await self._directory.find(req.context.project_id)

    @operation(body=ProjectUpdate, answer=ProjectDetails)
    async def on_put(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: ProjectUpdate) -> ProjectDetails:
        """Set the name and the time zone; without a time zone, statistics are in the deployment's reporting zone."""
        if not body.name.isprintable() or body.name.isspace():
            raise Problem.validation("body", "name", msg="Must have printable characters only, and not only spaces.")
        if body.timezone is not None:
            _validate_zone(body.timezone)
        return await self._directory.set(req.context.project_id, body.name, body.timezone, req.context.key_id)


def _validate_zone(name: str) -> None:
    try:
        zone_of(name)
    except Problem as error:
        raise Problem.validation("body", "timezone", msg="Must be an IANA time zone, such as Europe/Madrid.") from error
