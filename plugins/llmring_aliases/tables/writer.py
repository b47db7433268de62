"""Change aliases: one transaction with the history and the notice, under the lock of the project's version."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, LiteralString

import msgspec
from psycopg.rows import class_row, dict_row

from llmring_aliases.change_notices import ChangeNotifier, build_notice
from llmring_aliases.models import StoredAlias, Target
from llmring_aliases.tables.reader import EDITION, GET, decode_alias
from llmring_server.contracts.aliases import ChangedAlias
from llmring_server.database import Database
from llmring_server.database.connections import Connection
from llmring_server.http import codec
from llmring_server.plugins.events import Events

CHANGED = "llmring_alias_changed"
LOCK: LiteralString = """
    INSERT INTO alias_versions AS stored (project_id, version) VALUES (%(project)s, 0)
    ON CONFLICT (project_id) DO UPDATE SET version = stored.version
"""
# A separate statement, to see what the previous holder of the lock has committed. The following ones are too, since the
# parts of one statement would run on all nodes of a Citus cluster. `changes` has the aliases to bind and to unbind.
COMPARE: LiteralString = """
    WITH given AS MATERIALIZED (
        SELECT profile, alias, model, metadata
        FROM json_to_recordset(%(targets)s::json) AS given(profile text, alias text, model text, metadata json)
    ), changed AS (
        SELECT given.profile, given.alias, given.model, given.metadata, stored.model AS previous_model
        FROM given LEFT JOIN aliases AS stored
            ON stored.project_id = %(project)s AND stored.profile = given.profile AND stored.alias = given.alias
        WHERE stored.model IS DISTINCT FROM given.model OR stored.metadata::text IS DISTINCT FROM given.metadata::text
        UNION ALL
        SELECT profile, alias, NULL, NULL, model
        FROM aliases
        WHERE project_id = %(project)s AND profile = %(replaced)s AND alias NOT IN (SELECT alias FROM given)
    ), numbered AS (
        SELECT changed.*, version + row_number() OVER (ORDER BY profile, alias) AS seq
        FROM changed, alias_versions
        WHERE project_id = %(project)s
    )
    SELECT count(*) FILTER (WHERE model IS NOT NULL) AS bound, count(*) FILTER (WHERE model IS NULL) AS unbound,
        json_agg(json_build_object('seq', seq, 'profile', profile, 'alias', alias, 'model', model,
            'metadata', metadata, 'previous_model', previous_model))::text AS changes
    FROM numbered
"""
CHANGES: LiteralString = """
    json_to_recordset(%(changes)s::json) AS changed(
        seq bigint, profile text, alias text, model text, metadata json, previous_model text
    )
"""
BIND: LiteralString = (
    """
    INSERT INTO aliases AS stored (project_id, profile, alias, model, metadata, version, created_at, updated_at, seq)
    SELECT %(project)s, profile, alias, model, metadata, 1, now(), now(), seq
    FROM """
    + CHANGES
    + """
    WHERE model IS NOT NULL
    ORDER BY profile, alias
    ON CONFLICT (project_id, profile, alias) DO UPDATE SET
        model = excluded.model,
        metadata = excluded.metadata,
        version = stored.version + 1,
        updated_at = excluded.updated_at,
        seq = excluded.seq
"""
)
UNBIND: LiteralString = (
    "DELETE FROM aliases AS stored USING "
    + CHANGES
    + """
    WHERE stored.project_id = %(project)s AND stored.profile = changed.profile AND stored.alias = changed.alias
        AND changed.model IS NULL
"""
)
RECORD: LiteralString = (
    """
    INSERT INTO alias_history (
        project_id, seq, profile, alias, action, model, previous_model, metadata, key_id, changed_at)
    SELECT %(project)s, seq, profile, alias, CASE WHEN model IS NULL THEN 'unbind' ELSE 'bind' END,
        model, previous_model, metadata, %(key)s, now()
    FROM """
    + CHANGES
)
COUNT: LiteralString = """
    UPDATE alias_versions SET version = version + %(count)s WHERE project_id = %(project)s RETURNING version
"""
READ_CHANGES: LiteralString = """
    SELECT project_id, seq AS number, profile, alias, model, previous_model, key_id, changed_at
    FROM alias_history
    WHERE project_id = %(project)s AND seq > %(version)s - %(changes)s
    ORDER BY seq
"""
# A change, the latest change of its alias, and the one before it, which has the previous metadata.
BEFORE: LiteralString = """
    SELECT undone.profile, undone.alias, undone.previous_model, former.seq AS before, former.metadata,
        (
            SELECT max(seq) FROM alias_history AS later
            WHERE later.project_id = %(project)s AND later.profile = undone.profile AND later.alias = undone.alias
        ) AS latest
    FROM alias_history AS undone LEFT JOIN LATERAL (
        SELECT seq, metadata FROM alias_history AS former
        WHERE former.project_id = %(project)s AND former.profile = undone.profile
            AND former.alias = undone.alias AND former.seq < undone.seq
        ORDER BY seq DESC
        LIMIT 1
    ) AS former ON true
    WHERE undone.project_id = %(project)s AND undone.seq = %(seq)s
"""


class PreconditionFailed(Exception):
    """The alias or list was changed in the meantime. Nothing was written."""


class HistoryExpired(Exception):
    """The history no longer contains the state before a change. Nothing was written."""


class Precondition(msgspec.Struct, frozen=True):
    """A condition that is checked under the lock.

    `check` receives the number of the latest change of the alias (None when it is unbound), or the edition of the
    profile when `alias` is None.
    """

    profile: str
    alias: str | None
    check: Callable[[int | None], bool]


class ChangeResult(msgspec.Struct, frozen=True):
    """The new version, the numbers of aliases bound and unbound, and the alias if there was a single target."""

    version: int
    bound: int
    unbound: int
    alias: StoredAlias | None = None


class AliasWriter:
    """Changes aliases; every change goes through it, and is published as an event after its commit."""

    def __init__(self, database: Database, notifier: ChangeNotifier, events: Events) -> None:
        self._database = database
        self._events = events
        self._notifier = notifier

    async def apply(
        self,
        project: str,
        key: str,
        targets: Sequence[Target],
        *,
        replaced: str | None = None,
        precondition: Precondition | None = None,
    ) -> ChangeResult:
        """Apply all targets or none; aliases that already match are neither changed nor counted.

        With `replaced`, every other alias of that profile is unbound. Names must be distinct.

        Raises:
            PreconditionFailed: `precondition` does not hold.
        """

        async def find_targets(cursor: Any) -> Sequence[Target]:
            if precondition is not None:
                await _check_precondition(cursor, project, precondition)
            return targets

        return await self._execute(project, key, find_targets, replaced)

    async def undo(self, project: str, key: str, seq: int) -> ChangeResult:
        """Restore the binding that an alias had before a change.

        Raises:
            PreconditionFailed: the alias was changed in the meantime, or the history has no such change.
            HistoryExpired: the history no longer contains the previous state.
        """

        async def find_targets(cursor: Any) -> Sequence[Target]:
            return [await _previous_target(cursor, project, seq)]

        return await self._execute(project, key, find_targets, None)

    async def _execute(
        self, project: str, key: str, find_targets: Callable[[Any], Awaitable[Sequence[Target]]], replaced: str | None
    ) -> ChangeResult:
        """Apply the targets that `find_targets` returns under the lock, and publish the change."""
        async with self._database.transaction() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(LOCK, {"project": project})
            targets = await find_targets(cursor)
            result = await _apply(cursor, project, key, targets, replaced)
            profiles = {target.profile for target in targets} | ({replaced} if replaced else set())
            notice = build_notice(project, result.version, profiles)
            changes: Sequence[ChangedAlias] = ()
            if result.bound or result.unbound:
                await self._notifier.publish(cursor, notice)
                changes = await self._find_changes(connection, project, result)
        self._events.publish(CHANGED, changes)
        if result.bound or result.unbound:
            self._notifier.dispatch(notice)
        return result

    async def _find_changes(self, connection: Connection, project: str, result: ChangeResult) -> list[ChangedAlias]:
        """Return the changes of a transaction, for listeners."""
        if not self._events.listens(CHANGED):
            return []
        given = {"project": project, "version": result.version, "changes": result.bound + result.unbound}
        async with connection.cursor(row_factory=class_row(ChangedAlias)) as cursor:
            return await (await cursor.execute(READ_CHANGES, given)).fetchall()


async def _check_precondition(cursor: Any, project: str, precondition: Precondition) -> None:
    params = {"project": project, "profile": precondition.profile, "alias": precondition.alias}
    row = await (await cursor.execute(EDITION if precondition.alias is None else GET, params)).fetchone()
    number = row["edition"] if precondition.alias is None else decode_alias(row["alias"]).seq if row else None
    if not precondition.check(number):
        raise PreconditionFailed


async def _previous_target(cursor: Any, project: str, seq: int) -> Target:
    """Return the state of an alias before a change, if that change is its latest."""
    row = await (await cursor.execute(BEFORE, {"project": project, "seq": seq})).fetchone()
    if row is None or row["latest"] != seq:
        raise PreconditionFailed
    if row["previous_model"] is None:
        return Target(row["profile"], row["alias"])
    if row["before"] is None:
        raise HistoryExpired
    return Target(row["profile"], row["alias"], row["previous_model"], row["metadata"] or codec.NULL)


async def _apply(cursor: Any, project: str, key: str, targets: Sequence[Target], replaced: str | None) -> ChangeResult:
    params = {"project": project, "key": key, "replaced": replaced, "targets": codec.encode(targets).decode()}
    found = await (await cursor.execute(COMPARE, params)).fetchone()
    bound, unbound = found["bound"], found["unbound"]
    params |= {"changes": found["changes"], "count": bound + unbound}
    for statement, count in ((BIND, bound), (UNBIND, unbound), (RECORD, bound + unbound)):
        if count:
            await cursor.execute(statement, params)
    counted = await (await cursor.execute(COUNT, params)).fetchone()
    alias = None
    if len(targets) == 1:
        [target] = targets
        params = {"project": project, "profile": target.profile, "alias": target.alias}
        stored = await (await cursor.execute(GET, params)).fetchone()
        alias = decode_alias(stored["alias"]) if stored else None
    return ChangeResult(counted["version"], bound, unbound, alias)
