"""The table `project_details`, cached per process until a project changes."""

from collections.abc import Mapping, Sequence
from typing import LiteralString

from psycopg import errors

from llmring_server.contracts.projects import ManagedProjects, ProjectDetails
from llmring_server.database import Database, Notifications
from llmring_server.http.errors import Problem

TOPIC = "projects"
MAX_KNOWN = 10_000

FIND: LiteralString = """
    SELECT project_id, name, timezone FROM project_details WHERE project_id = ANY(%(projects)s)
"""
SET: LiteralString = """
    INSERT INTO project_details (project_id, name, timezone, updated_at, updated_by)
    VALUES (%(project)s, %(name)s, %(timezone)s, now(), %(key)s)
    ON CONFLICT (project_id) DO UPDATE SET
        name = excluded.name,
        timezone = excluded.timezone,
        updated_at = excluded.updated_at,
        updated_by = excluded.updated_by
"""


class ProjectDirectory:
    """The names and time zones of projects: the contract `ProjectNames`.

    A project without a name here has the one that it was created with, if its keys are managed. While notifications
    are not live, every lookup queries the table.
    """

    def __init__(self, database: Database, notifications: Notifications) -> None:
        self._database = database
        self._notifications = notifications
        self._known: dict[str, ProjectDetails] = {}
        self._generation = 0
        self.managed: ManagedProjects | None = None
        notifications.listen(TOPIC, self._on_message, self._reset)

    async def find(self, project: str) -> ProjectDetails:
        """Return the details of a project; cached ones without I/O."""
        known = self._known.get(project) if self._notifications.live else None
        if known is not None:
            return known
        generation = self._generation
        found = (await self._query([project]))[project]
        if self._notifications.live and self._generation == generation:
            if len(self._known) >= MAX_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[project] = found
        return found

    async def find_names(self, projects: Sequence[str]) -> Mapping[str, str]:
        """Return the name of each project that has one."""
        found = await self._query(projects)
        return {project: details.name for project, details in found.items() if details.name is not None}

    async def set(self, project: str, name: str, timezone: str | None, key: str) -> ProjectDetails:
        """Store the details of a project, on behalf of a key.

        Raises:
            Problem: 422 for a time zone that PostgreSQL does not know.
        """
        given = {"project": project, "name": name, "timezone": timezone, "key": key}
        try:
            async with self._database.transaction() as connection:
                await connection.execute("SELECT timezone(%(timezone)s, now())", given)
                await connection.execute(SET, given)
                await connection.execute(Notifications.NOTIFY, self._notifications.payload(TOPIC, project))
        except errors.InvalidParameterValue as error:
            raise Problem.validation("body", "timezone", msg="The database does not know this time zone.") from error
        self._on_message(project)
        return ProjectDetails(project, name, timezone)

    async def _query(self, projects: Sequence[str]) -> dict[str, ProjectDetails]:
        rows = await self._database.rows(ProjectDetails, FIND, {"projects": list(projects)})
        found = {row.project_id: row for row in rows}
        missing = [project for project in projects if project not in found]
        managed = await self.managed.find_projects(missing) if self.managed and missing else {}
        names = {project: one.name for project, one in managed.items()}
        return {project: found.get(project) or ProjectDetails(project, names.get(project)) for project in projects}

    def _on_message(self, project: str) -> None:
        self._generation += 1
        self._known.pop(project, None)

    def _reset(self) -> None:
        self._generation += 1
        self._known.clear()
