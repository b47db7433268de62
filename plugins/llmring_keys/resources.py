"""Keys over HTTP, for those that may administer: each within its own project."""

from datetime import UTC, datetime

import falcon.asgi

from llmring_keys.issuing import Issuer
from llmring_keys.models import MAX_GRACE, Adoption, IssuedKey, Key, Refused, RotateQuery, Terms, duration, expiry_fault
from llmring_keys.store import KeyStore
from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation


class Keys:
    """A project's keys: make, list, rotate, revoke, adopt."""

    def __init__(self, store: KeyStore, issuer: Issuer) -> None:
        self._store = store
        self._issuer = issuer

    @operation(answer=list[Key], scope="admin")
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> list[Key]:
        """List this project's keys, without their text."""
        return await self._store.listing(req.context.project_id)

    @operation(body=Terms, answer=IssuedKey, status=201, scope="admin")
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: Terms) -> IssuedKey:
        """Make a key of this project; its text is in this answer and nowhere else."""
        _check(body.expires_at)
        resp.set_header("Cache-Control", "no-store")
        return await self._issuer.create(req.context.project_id, body)

    @operation(answer=Key, errors=(404,), scope="admin")
    async def on_delete_one(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, key_id: str) -> Key:
        """Revoke a key at once; every process refuses it within a second."""
        found = None if "\0" in key_id else await self._issuer.revoke(req.context.project_id, key_id)
        if found is None:
            raise _unknown(key_id)
        return found

    @operation(query=RotateQuery, answer=IssuedKey, status=201, errors=(404, 409), scope="admin")
    async def on_post_rotation(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, key_id: str, query: RotateQuery
    ) -> IssuedKey:
        """Give a key its successor; the old one works until its grace ends."""
        try:
            grace = duration(query.grace, MAX_GRACE)
        except ValueError as error:
            raise Problem.validation("query", "grace", msg=str(error)) from error
        old = None if "\0" in key_id else await self._store.get(req.context.project_id, key_id)
        if old is None:
            raise _unknown(key_id)
        resp.set_header("Cache-Control", "no-store")
        try:
            return await self._issuer.rotate(old, grace)
        except Refused as error:
            raise Problem(409, str(error)) from error

    @operation(body=Adoption, answer=Key, status=201, errors=(409,), scope="admin")
    async def on_post_adoption(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: Adoption) -> Key:
        """Join a key that clients already use to this project; what it logged before stays where it is."""
        _check(body.expires_at)
        terms = Terms(scopes=body.scopes, name=body.name, expires_at=body.expires_at)
        try:
            return await self._issuer.adopt(body.key, req.context.project_id, terms)
        except Refused as error:
            raise Problem(409, str(error)) from error


def _check(expires_at: datetime | None) -> None:
    fault = expires_at and expiry_fault(expires_at, datetime.now(UTC))
    if fault:
        raise Problem.validation("body", "expires_at", msg=fault)


def _unknown(key_id: str) -> Problem:
    return Problem(404, f"this project has no key {key_id!r}")
