"""Single aliases over HTTP: list, bind, resolve, get, put, delete."""

from collections.abc import Callable
from urllib.parse import urlencode

import falcon
import falcon.asgi
import msgspec

from llmring_aliases.cache.snapshots import SnapshotCache
from llmring_aliases.etags import (
    IF_MATCH,
    IF_NONE_MATCH,
    is_not_modified,
    make_etag,
    precondition_failed,
    read_precondition,
)
from llmring_aliases.models import (
    Alias,
    AliasBinding,
    AliasDeletion,
    AliasListQuery,
    AliasProfileQuery,
    AliasUpdate,
    ResolvedAlias,
    ResolveQuery,
    StoredAlias,
    Target,
)
from llmring_aliases.tables.reader import AliasReader
from llmring_aliases.tables.writer import AliasWriter, ChangeResult, PreconditionFailed
from llmring_aliases.validation import may_be_stored, validate_target
from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation
from llmring_server.http.query import decode_query

VERSION = "X-Alias-Version"
REVALIDATE = "private, no-cache"
ResolutionCheck = Callable[[str, str, ResolvedAlias], None]

_resolved = msgspec.json.Decoder(ResolvedAlias)


class AliasListResource:
    """The list of a project's aliases."""

    def __init__(self, snapshots: SnapshotCache) -> None:
        self._snapshots = snapshots

    @operation(query=AliasListQuery, answer=list[Alias], headers=(IF_NONE_MATCH,), errors=(304,), plain=True)
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """List the aliases of one profile or of all, sorted; `Link: …; rel="next"` leads to the next page.

        All pages of a list have the same `X-Alias-Version`, unless something was changed in between.
        `X-Alias-Version` is the number of the project's latest change. Pass it to /watch as `Last-Event-ID` to miss no
        change between the two requests.
        """
        project, query = req.context.project_id, decode_query(req, AliasListQuery)
        page = self._snapshots.cached_list(project, query) or await self._snapshots.list(project, query)
        _set_etag(resp, page.etag)
        resp.set_header(VERSION, str(page.version))
        if page.cursor is not None:
            params = {name: value for name, value in req.params.items() if name != "cursor"}
            resp.set_header("Link", f'<{req.path}?{urlencode({**params, "cursor": page.cursor})}>; rel="next"')
        if is_not_modified(req, page.etag):
            resp.status = falcon.HTTP_304
        else:
            resp.data = page.body


class AliasResource:
    """One alias by name."""

    def __init__(self, reader: AliasReader, writer: AliasWriter) -> None:
        self._reader = reader
        self._writer = writer

    @operation(query=AliasProfileQuery, answer=Alias, headers=(IF_NONE_MATCH,), errors=(304, 404))
    async def on_get_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, alias: str, query: AliasProfileQuery
    ) -> Alias | None:
        """Get one alias."""
        project = req.context.project_id
        stored = await self._reader.get(project, query.profile, alias) if may_be_stored(alias) else None
        if stored is None:
            raise not_bound_problem(alias, query.profile)
        tag = alias_etag(stored)
        _set_etag(resp, tag)
        if is_not_modified(req, tag):
            resp.status = falcon.HTTP_304
            return None
        return stored.alias

    @operation(
        body=AliasUpdate, query=AliasProfileQuery, answer=Alias, headers=(IF_MATCH, IF_NONE_MATCH), errors=(412,)
    )
    async def on_put_one(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
        alias: str,
        body: AliasUpdate,
        query: AliasProfileQuery,
    ) -> Alias:
        """Create or update one alias; an identical binding is left unchanged.

        With `If-Match`, only if its ETag matches. With `If-None-Match: *`, only if it is not bound.
        """
        binding = AliasBinding(alias, body.model, body.profile or query.profile, body.metadata)
        target = validate_target(binding, req.context.limits.item_bytes)
        return alias_response(resp, await _apply_conditionally(req, self._writer, target))

    @operation(query=AliasProfileQuery, answer=AliasDeletion, headers=(IF_MATCH,), errors=(412,))
    async def on_delete_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, alias: str, query: AliasProfileQuery
    ) -> AliasDeletion:
        """Unbind one alias; `deleted` is false if it was not bound."""
        if not may_be_stored(alias):
            return AliasDeletion(deleted=False)
        result = await _apply_conditionally(req, self._writer, Target(query.profile, alias))
        return AliasDeletion(deleted=result.unbound > 0)


class BindResource:
    """`/bind`: the call of older clients."""

    def __init__(self, writer: AliasWriter) -> None:
        self._writer = writer

    @operation(body=AliasBinding, answer=Alias)
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: AliasBinding) -> Alias:
        """Bind one alias to a model."""
        context = req.context
        target = validate_target(body, context.limits.item_bytes)
        return alias_response(resp, await self._writer.apply(context.project_id, context.key_id, [target]))


class ResolveResource:
    """`/resolve`: look up the model of an alias, the most frequent call of every client."""

    def __init__(self, snapshots: SnapshotCache, check: ResolutionCheck | None = None) -> None:
        self._snapshots = snapshots
        self._check = check

    @operation(query=ResolveQuery, answer=ResolvedAlias, errors=(404,), plain=True)
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Resolve an alias to its model."""
        project, query_string = req.context.project_id, req.query_string
        response = self._snapshots.cached_response(project, query_string) or await self._resolve(
            project, query_string, req
        )
        if self._check is not None:
            self._check(project, req.context.key_id, _resolved.decode(response))
        resp.data = response

    async def _resolve(self, project: str, query_string: str, req: falcon.asgi.Request) -> bytes:
        query = decode_query(req, ResolveQuery)
        response = await self._snapshots.resolve(project, query, query_string)
        if response is None:
            raise not_bound_problem(query.alias, query.profile)
        return response


def not_bound_problem(alias: str, profile: str) -> Problem:
    """Return the 404 for an alias that is not bound."""
    return Problem(404, f"Alias {alias!r} is not bound in profile {profile!r}.")


def alias_response(resp: falcon.asgi.Response, result: ChangeResult) -> Alias:
    """Set the ETag of the alias that was bound, and return the alias."""
    assert result.alias is not None  # noqa: S101 binding a single target always returns its alias
    resp.set_header("ETag", alias_etag(result.alias))
    return result.alias.alias


def alias_etag(stored: StoredAlias) -> str:
    """Return the ETag of an alias."""
    return make_etag(stored.seq, stored.alias.project_id, stored.alias.profile, stored.alias.alias)


async def _apply_conditionally(req: falcon.asgi.Request, writer: AliasWriter, target: Target) -> ChangeResult:
    """Apply a target if the request's precondition holds, or raise the 412."""
    project, key = req.context.project_id, req.context.key_id
    precondition = read_precondition(req, project, target.profile, target.alias)
    try:
        return await writer.apply(project, key, [target], precondition=precondition)
    except PreconditionFailed:
        raise precondition_failed(f"Alias {target.alias!r} in profile {target.profile!r}") from None


def _set_etag(resp: falcon.asgi.Response, tag: str) -> None:
    resp.set_header("ETag", tag)
    resp.set_header("Cache-Control", REVALIDATE)
