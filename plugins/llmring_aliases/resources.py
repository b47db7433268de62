"""Aliases over HTTP: list, bind, resolve, get, put, delete, bulk_upsert."""

import falcon.asgi

from llmring_aliases.models import (
    DEFAULT_PROFILE,
    Alias,
    Binding,
    Change,
    Deleted,
    ListQuery,
    ProfileQuery,
    Resolved,
    ResolveQuery,
    Updated,
    model_fault,
    name_fault,
)
from llmring_aliases.store import AliasStore
from llmring_server.errors import Fault, Problem
from llmring_server.operations import operation


class Aliases:
    """The list of a project's aliases, and each of them by name."""

    def __init__(self, store: AliasStore) -> None:
        self._store = store

    @operation(query=ListQuery, answer=list[Alias])
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: ListQuery) -> list[Alias]:
        """List aliases, of one profile or of all."""
        return await self._store.listing(req.context.project_id, query.profile)

    @operation(query=ProfileQuery, answer=Alias, errors=(404,))
    async def on_get_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, alias: str, query: ProfileQuery
    ) -> Alias:
        """Get one alias."""
        return await _bound(self._store, req.context.project_id, query.profile, alias)

    @operation(body=Change, query=ProfileQuery, answer=Alias)
    async def on_put_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, alias: str, body: Change, query: ProfileQuery
    ) -> Alias:
        """Bind one alias, new or known."""
        binding = _check(Binding(alias, body.model, body.profile or query.profile, body.metadata))
        return (await self._store.put(req.context.project_id, [binding]))[0]

    @operation(query=ProfileQuery, answer=Deleted)
    async def on_delete_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, alias: str, query: ProfileQuery
    ) -> Deleted:
        """Unbind one alias; `deleted` is false when it was not bound."""
        if name_fault(alias):
            return Deleted(deleted=False)
        return Deleted(await self._store.delete(req.context.project_id, query.profile, alias))


class AliasBinding:
    """`/bind`: what clients of the alias era call."""

    def __init__(self, store: AliasStore) -> None:
        self._store = store

    @operation(body=Binding, answer=Alias)
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: Binding) -> Alias:
        """Bind one alias to a model."""
        return (await self._store.put(req.context.project_id, [_check(body)]))[0]


class Resolution:
    """`/resolve`: from a name to its model, the call on every client's path."""

    def __init__(self, store: AliasStore) -> None:
        self._store = store

    @operation(query=ResolveQuery, answer=Resolved, errors=(404,))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: ResolveQuery) -> Resolved:
        """Resolve an alias to its model."""
        found = await _bound(self._store, req.context.project_id, query.profile, query.alias)
        return Resolved(found.alias, found.model, found.profile)


class BulkUpsert:
    """`/bulk_upsert`: many aliases at once, all or nothing."""

    def __init__(self, store: AliasStore) -> None:
        self._store = store

    @operation(body=list[Binding], query=ProfileQuery, answer=Updated)
    async def on_post(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: list[Binding], query: ProfileQuery
    ) -> Updated:
        """Bind all of these aliases or none; an entry without a profile takes the query's."""
        bindings = [Binding(b.alias, b.model, b.profile or query.profile, b.metadata) for b in body]
        faults = _faults(bindings)
        if faults:
            raise Problem(422, f"{len(faults)} of {len(body)} entries do not fit; nothing was bound", faults=faults)
        return Updated(len(await self._store.put(req.context.project_id, bindings)))


async def _bound(store: AliasStore, project: str, profile: str, alias: str) -> Alias:
    """Return an alias, or raise the 404 that names it."""
    found = None if name_fault(alias) else await store.get(project, profile, alias)
    if found is None:
        raise Problem(404, f"alias {alias!r} is not bound in profile {profile!r}")
    return found


def _check(binding: Binding) -> Binding:
    """Return a single binding when name and model fit, or raise the 422 that says what would."""
    faults = _faults([binding])
    if faults:
        _, _, field = faults[0].loc
        raise Problem.misfit("body", str(field), msg=faults[0].msg)
    return binding


def _faults(bindings: list[Binding]) -> list[Fault]:
    """Return what is wrong with a set of bindings: names and models that cannot be, and names that come twice."""
    faults: list[Fault] = []
    seen: dict[tuple[str, str], int] = {}
    for index, binding in enumerate(bindings):
        first = seen.setdefault((binding.profile or DEFAULT_PROFILE, binding.alias), index)
        fault = name_fault(binding.alias) or (f"the same alias as entry {first}" if first != index else None)
        if fault:
            faults.append(Fault(("body", index, "alias"), fault))
        if model := model_fault(binding.model):
            faults.append(Fault(("body", index, "model"), model))
    return faults
