"""The placement of projects on a Citus cluster: the shard and the node of each."""

import time
from collections.abc import Collection, Mapping
from typing import LiteralString

import msgspec

from llmring_server.database.pool import Database

REFRESH_SECONDS = 30.0
# Nothing here asks a node: a placement is found while its node is down.
PLACEMENTS: LiteralString = """
    SELECT project, shard, min(nodename || ':' || nodeport) AS node
    FROM (
        SELECT project, get_shard_id_for_distribution_column(%(table)s, project) AS shard
        FROM unnest(%(projects)s::text[]) AS project
    ) AS sharded
    JOIN pg_dist_shard_placement ON shardid = shard
    GROUP BY project, shard
"""


class Placement(msgspec.Struct, frozen=True):
    """The placement of a project: the id of its shard of one table, and its node as `host:port`."""

    project: str
    shard: int
    node: str


class Placements:
    """Looks up the placements of projects in one distributed table.

    They are remembered for `REFRESH_SECONDS`, since shards move when a cluster is rebalanced; an older placement is
    correct, but may group projects of two nodes.
    """

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table
        self._known: dict[str, Placement] = {}
        self._expires = 0.0

    async def find(self, projects: Collection[str]) -> Mapping[str, Placement]:
        """Return the placement of each project, and perhaps those of others."""
        if time.monotonic() > self._expires:
            self._known, self._expires = {}, time.monotonic() + REFRESH_SECONDS
        known = self._known
        unknown = [project for project in projects if project not in known]
        if unknown:
            params = {"table": self._table, "projects": unknown}
            found = await self._database.rows(Placement, PLACEMENTS, params)
            known.update({placement.project: placement for placement in found})
        return known
