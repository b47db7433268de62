"""Aliases over HTTP, one at a time: list, bind, resolve, get, put, delete."""

import falcon
import falcon.asgi

from llmring_aliases.cache.snapshots import Snapshots
from llmring_aliases.etags import IF_MATCH, IF_NONE_MATCH, condition, etag, moved, unchanged
from llmring_aliases.models import (
    Alias,
    Binding,
    Deleted,
    Kept,
    ListQuery,
    ProfileQuery,
    Resolved,
    ResolveQuery,
    Setting,
    Target,
)
from llmring_aliases.tables.writer import Changes, Moved, Outcome
from llmring_aliases.validation import checked, name_fault
from llmring_server.http.codec import decode_query
from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation

VERSION = "X-Alias-Version"
REVALIDATE = "private, no-cache"


class AliasList:
    """The list of a project's aliases."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    @operation(query=ListQuery, answer=list[Alias], headers=(IF_NONE_MATCH,), errors=(304,), plain=True)
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """List aliases, of one profile or of all, sorted.

        `X-Alias-Version` is the number of the project's latest change: pass it to /watch as `Last-Event-ID`, and no
        change between the two is lost.
        """
        project, query = req.context.project_id, decode_query(req, ListQuery)
        snapshot = self._snapshots.peek(project, query.profile) or await self._snapshots.get(project, query.profile)
        _say(resp, snapshot.etag)
        resp.set_header(VERSION, str(snapshot.version))
        if unchanged(req, snapshot.etag):
            resp.status = falcon.HTTP_304
        else:
            resp.data = snapshot.body


class Aliases:
    """Each alias by name."""

    def __init__(self, snapshots: Snapshots, changes: Changes) -> None:
        self._snapshots = snapshots
        self._changes = changes

    @operation(query=ProfileQuery, answer=Alias, headers=(IF_NONE_MATCH,), errors=(304, 404))
    async def on_get_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, alias: str, query: ProfileQuery
    ) -> Alias | None:
        """Get one alias."""
        project = req.context.project_id
        kept = None if name_fault(alias) else await self._snapshots.find(project, query.profile, alias)
        if kept is None:
            raise unbound(alias, query.profile)
        tag = etag_of(kept)
        _say(resp, tag)
        if unchanged(req, tag):
            resp.status = falcon.HTTP_304
            return None
        return kept.alias

    @operation(body=Setting, query=ProfileQuery, answer=Alias, headers=(IF_MATCH, IF_NONE_MATCH), errors=(412,))
    async def on_put_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, alias: str, body: Setting, query: ProfileQuery
    ) -> Alias:
        """Bind one alias, new or known; what is bound so already stays as it is.

        With `If-Match` only while its ETag is that one, with `If-None-Match: *` only while it is unbound.
        """
        target = checked(Binding(alias, body.model, body.profile or query.profile, body.metadata))
        return bound(resp, await _change(req, self._changes, target))

    @operation(query=ProfileQuery, answer=Deleted, headers=(IF_MATCH,), errors=(412,))
    async def on_delete_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, alias: str, query: ProfileQuery
    ) -> Deleted:
        """Unbind one alias; `deleted` is false when it was not bound."""
        if name_fault(alias):
            return Deleted(deleted=False)
        return Deleted((await _change(req, self._changes, Target(query.profile, alias))).unbound > 0)


class AliasBinding:
    """`/bind`: what clients of the alias era call."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    @operation(body=Binding, answer=Alias)
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: Binding) -> Alias:
        """Bind one alias to a model."""
        context = req.context
        return bound(resp, await self._changes.apply(context.project_id, context.key_id, [checked(body)]))


class Resolution:
    """`/resolve`: from a name to its model, the call on every client's path."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    @operation(query=ResolveQuery, answer=Resolved, errors=(404,), plain=True)
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Resolve an alias to its model."""
        project, asked = req.context.project_id, req.query_string
        resp.data = self._snapshots.ready(project, asked) or await self._answer(project, asked, req)

    async def _answer(self, project: str, asked: str, req: falcon.asgi.Request) -> bytes:
        query = decode_query(req, ResolveQuery)
        answer = await self._snapshots.answer(project, query, asked)
        if answer is None:
            raise unbound(query.alias, query.profile)
        return answer


def unbound(alias: str, profile: str) -> Problem:
    """Return the 404 that names an alias."""
    return Problem(404, f"alias {alias!r} is not bound in profile {profile!r}")


def bound(resp: falcon.asgi.Response, outcome: Outcome) -> Alias:
    """Answer with the alias that a change was about."""
    assert outcome.alias is not None  # noqa: S101 one target that binds leads to one alias
    resp.set_header("ETag", etag_of(outcome.alias))
    return outcome.alias.alias


def etag_of(kept: Kept) -> str:
    """Return the ETag of an alias."""
    return etag(kept.seq, kept.alias.project_id, kept.alias.profile, kept.alias.alias)


async def _change(req: falcon.asgi.Request, changes: Changes, target: Target) -> Outcome:
    """Make a target so if the request's condition holds, or raise the 412."""
    project, key = req.context.project_id, req.context.key_id
    asked = condition(req, project, target.profile, target.alias)
    try:
        return await changes.apply(project, key, [target], condition=asked)
    except Moved:
        raise moved(f"alias {target.alias!r} of profile {target.profile!r}") from None


def _say(resp: falcon.asgi.Response, tag: str) -> None:
    resp.set_header("ETag", tag)
    resp.set_header("Cache-Control", REVALIDATE)
