"""Many aliases over HTTP at once."""

import falcon.asgi

from llmring_aliases.etags import IF_MATCH, condition, moved
from llmring_aliases.models import Binding, BulkQuery, Target, Updated
from llmring_aliases.tables.writer import Changes, Moved
from llmring_aliases.validation import faults_of
from llmring_server.http.errors import FieldError, Problem
from llmring_server.http.operations import operation


class BulkUpsert:
    """`/bulk_upsert`: many aliases at once, all or nothing."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    @operation(body=list[Binding], query=BulkQuery, answer=Updated, headers=(IF_MATCH,), errors=(412,))
    async def on_post(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: list[Binding], query: BulkQuery
    ) -> Updated:
        """Bind all of these aliases or none; an entry without a profile takes the query's.

        With `replace` the profile becomes exactly this set. `If-Match` is about the list of the profile.
        """
        targets = [Target(b.profile or query.profile, b.alias, b.model, b.metadata) for b in body]
        faults = [FieldError(("body", index, field), msg) for index, field, msg in faults_of(targets)]
        if query.replace:
            faults += _elsewhere(targets, query.profile)
        if faults:
            raise Problem(422, f"{len(faults)} of {len(body)} entries do not fit; nothing was bound", faults=faults)
        project, key = req.context.project_id, req.context.key_id
        replaced = query.profile if query.replace else None
        asked = condition(req, project, query.profile, None)
        try:
            outcome = await self._changes.apply(project, key, targets, replaced=replaced, condition=asked)
        except Moved:
            raise moved(f"profile {query.profile!r}") from None
        return Updated(len(targets), outcome.unbound if query.replace else None)


def _elsewhere(targets: list[Target], profile: str) -> list[FieldError]:
    """Return the entries of other profiles than the one that is replaced."""
    msg = f"replace is about profile {profile!r} alone; leave this out, or bind it in a call of its own"
    return [FieldError(("body", i, "profile"), msg) for i, target in enumerate(targets) if target.profile != profile]
