"""Changing aliases: under the lock of the project's version, with history and notice, in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, LiteralString

import msgspec
from psycopg.rows import dict_row

from llmring_aliases.change_notices import Bulletin, news_of
from llmring_aliases.models import Kept, Target
from llmring_aliases.tables.reader import EDITION, ONE, one
from llmring_server.database import Database
from llmring_server.http import codec

LOCK: LiteralString = """
    INSERT INTO alias_versions AS kept (project_id, version) VALUES (%(project)s, 0)
    ON CONFLICT (project_id) DO UPDATE SET version = kept.version
"""
# A statement of its own, so that it sees what the previous holder of the lock has committed.
APPLY: LiteralString = """
    WITH given AS MATERIALIZED (
        SELECT profile, alias, model, metadata
        FROM json_to_recordset(%(targets)s::json) AS given(profile text, alias text, model text, metadata json)
    ), changed AS MATERIALIZED (
        SELECT given.profile, given.alias, given.model, given.metadata, kept.model AS previous_model
        FROM given LEFT JOIN aliases AS kept
            ON kept.project_id = %(project)s AND kept.profile = given.profile AND kept.alias = given.alias
        WHERE kept.model IS DISTINCT FROM given.model OR kept.metadata::text IS DISTINCT FROM given.metadata::text
        UNION ALL
        SELECT profile, alias, NULL, NULL, model
        FROM aliases
        WHERE project_id = %(project)s AND profile = %(replaced)s AND alias NOT IN (SELECT alias FROM given)
    ), numbered AS MATERIALIZED (
        SELECT changed.*, version + row_number() OVER (ORDER BY profile, alias) AS seq
        FROM changed, alias_versions
        WHERE project_id = %(project)s
    ), bound AS (
        INSERT INTO aliases AS kept (
            project_id, profile, alias, model, metadata, version, created_at, updated_at, seq)
        SELECT %(project)s, profile, alias, model, metadata, 1, now(), now(), seq
        FROM numbered
        WHERE model IS NOT NULL
        ORDER BY profile, alias
        ON CONFLICT (project_id, profile, alias) DO UPDATE SET
            model = excluded.model,
            metadata = excluded.metadata,
            version = kept.version + 1,
            updated_at = excluded.updated_at,
            seq = excluded.seq
    ), unbound AS (
        DELETE FROM aliases AS kept USING numbered
        WHERE kept.project_id = %(project)s AND kept.profile = numbered.profile AND kept.alias = numbered.alias
            AND numbered.model IS NULL
    ), noted AS (
        INSERT INTO alias_history (
            project_id, seq, profile, alias, action, model, previous_model, metadata, key_id, changed_at)
        SELECT %(project)s, seq, profile, alias, CASE WHEN model IS NULL THEN 'unbind' ELSE 'bind' END,
            model, previous_model, metadata, %(key)s, now()
        FROM numbered
    ), counted AS (
        UPDATE alias_versions SET version = version + (SELECT count(*) FROM numbered)
        WHERE project_id = %(project)s
        RETURNING version
    )
    SELECT counted.version,
        (SELECT count(*) FROM numbered WHERE model IS NOT NULL) AS bound,
        (SELECT count(*) FROM numbered WHERE model IS NULL) AS unbound
    FROM counted
"""
# A change, the latest of its alias, and the one before it, which alone knows the metadata of then.
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


class Moved(Exception):
    """A condition does not hold: what it speaks of has changed since. Nothing was done."""


class Forgotten(Exception):
    """The history no longer says what an alias was before a change. Nothing was done."""


class Condition(msgspec.Struct, frozen=True):
    """What must hold under the lock.

    `holds` is asked with the number of the latest change to an alias (None when it is unbound), or with the edition of
    the profile when `alias` is None.
    """

    profile: str
    alias: str | None
    holds: Callable[[int | None], bool]


class Outcome(msgspec.Struct, frozen=True):
    """What came of a change: the version it led to, how many aliases it bound and unbound, and the one it was about."""

    version: int
    bound: int
    unbound: int
    alias: Kept | None = None


class Changes:
    """The one way in which aliases change."""

    def __init__(self, database: Database, bulletin: Bulletin) -> None:
        self._database = database
        self._bulletin = bulletin

    async def apply(
        self,
        project: str,
        key: str,
        targets: Sequence[Target],
        *,
        replaced: str | None = None,
        condition: Condition | None = None,
    ) -> Outcome:
        """Make all targets so, or none; what is so already is left alone and not counted.

        With `replaced`, every other alias of that profile is unbound. Names must be distinct.

        Raises:
            Moved: `condition` does not hold.
        """

        async def decide(cursor: Any) -> Sequence[Target]:
            if condition is not None:
                await _check(cursor, project, condition)
            return targets

        return await self._carry_out(project, key, decide, replaced)

    async def undo(self, project: str, key: str, seq: int) -> Outcome:
        """Make an alias what it was before a change.

        Raises:
            Moved: the alias has changed since, or the history has no such change.
            Forgotten: what the alias was before is not known any more.
        """

        async def decide(cursor: Any) -> Sequence[Target]:
            return [await _before(cursor, project, seq)]

        return await self._carry_out(project, key, decide, None)

    async def _carry_out(
        self, project: str, key: str, decide: Callable[[Any], Awaitable[Sequence[Target]]], replaced: str | None
    ) -> Outcome:
        """Make what `decide` says under the lock, and tell of it."""
        async with self._database.transaction() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(LOCK, {"project": project})
            targets = await decide(cursor)
            outcome = await _apply(cursor, project, key, targets, replaced)
            profiles = {target.profile for target in targets} | ({replaced} if replaced else set())
            news = news_of(project, outcome.version, profiles)
            if outcome.bound or outcome.unbound:
                await self._bulletin.say(cursor, news)
        if outcome.bound or outcome.unbound:
            self._bulletin.heard(news)
        return outcome


async def _check(cursor: Any, project: str, condition: Condition) -> None:
    params = {"project": project, "profile": condition.profile, "alias": condition.alias}
    row = await (await cursor.execute(EDITION if condition.alias is None else ONE, params)).fetchone()
    number = row["edition"] if condition.alias is None else one(row["alias"]).seq if row else None
    if not condition.holds(number):
        raise Moved


async def _before(cursor: Any, project: str, seq: int) -> Target:
    """Return what the alias of a change was before it, if that change is its latest."""
    row = await (await cursor.execute(BEFORE, {"project": project, "seq": seq})).fetchone()
    if row is None or row["latest"] != seq:
        raise Moved
    if row["previous_model"] is None:
        return Target(row["profile"], row["alias"])
    if row["before"] is None:
        raise Forgotten
    return Target(row["profile"], row["alias"], row["previous_model"], row["metadata"] or codec.NULL)


async def _apply(cursor: Any, project: str, key: str, targets: Sequence[Target], replaced: str | None) -> Outcome:
    given = {"project": project, "key": key, "replaced": replaced, "targets": codec.encode(targets).decode()}
    row = await (await cursor.execute(APPLY, given)).fetchone()
    alias = None
    if len(targets) == 1:
        [target] = targets
        params = {"project": project, "profile": target.profile, "alias": target.alias}
        found = await (await cursor.execute(ONE, params)).fetchone()
        alias = one(found["alias"]) if found else None
    return Outcome(row["version"], row["bound"], row["unbound"], alias)
