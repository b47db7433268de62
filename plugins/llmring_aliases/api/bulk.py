"""Bulk update of aliases over HTTP."""

import asyncio
from functools import partial

import falcon.asgi

from llmring_aliases.etags import IF_MATCH, precondition_failed, read_precondition
from llmring_aliases.models import DEFAULT_PROFILE, AliasBinding, BulkUpsertQuery, BulkUpsertResult, Target
from llmring_aliases.tables.writer import AliasWriter, PreconditionFailed
from llmring_aliases.validation import find_faults
from llmring_server.http.errors import FieldError, Problem
from llmring_server.http.operations import operation

MANY = 1_000  # entries are checked in a thread, so that they block no request


class BulkUpsertResource:
    """`/bulk_upsert`: many aliases at once, all or nothing."""

    def __init__(self, writer: AliasWriter) -> None:
        self._writer = writer

    @operation(
        body=list[AliasBinding], query=BulkUpsertQuery, answer=BulkUpsertResult, headers=(IF_MATCH,), errors=(412,)
    )
    async def on_post(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: list[AliasBinding], query: BulkUpsertQuery
    ) -> BulkUpsertResult:
        """Bind all of these aliases or none; the profile of the query, if given, is that of every entry.

        With `replace`, the profile becomes exactly this set. `If-Match` refers to the list of the profile.
        """
        profile = query.profile or DEFAULT_PROFILE
        targets = [Target(query.profile or b.profile or profile, b.alias, b.model, b.metadata) for b in body]
        find = partial(find_faults, targets, req.context.limits.item_bytes)
        found = await asyncio.to_thread(find) if len(targets) > MANY else find()
        faults = [FieldError(("body", index, field), msg) for index, field, msg in found]
        if query.replace:
            faults += _find_other_profiles(targets, profile)
        if faults:
            raise Problem(422, f"{len(faults)} of {len(body)} entries are invalid; nothing was bound.", faults=faults)
        project, key = req.context.project_id, req.context.key_id
        replaced = profile if query.replace else None
        precondition = read_precondition(req, project, profile, None)
        try:
            result = await self._writer.apply(project, key, targets, replaced=replaced, precondition=precondition)
        except PreconditionFailed:
            raise precondition_failed(f"Profile {profile!r}") from None
        return BulkUpsertResult(len(targets), result.unbound if query.replace else None)


def _find_other_profiles(targets: list[Target], profile: str) -> list[FieldError]:
    """Return a fault for each entry of a profile other than the replaced one."""
    msg = f"With `replace`, every entry must be in profile {profile!r}. Set `?profile=` to put every entry into one."
    return [FieldError(("body", i, "profile"), msg) for i, target in enumerate(targets) if target.profile != profile]
