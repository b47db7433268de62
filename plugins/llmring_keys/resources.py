"""Keys over HTTP, for keys with the scope `admin`: each manages the keys of its own project."""

from datetime import UTC, datetime

import falcon.asgi

from llmring_keys.issuer import KeyIssuer
from llmring_keys.models import (
    MAX_GRACE,
    IssuedKey,
    KeyAdoption,
    KeyOperationError,
    KeyTerms,
    ProjectKey,
    RotateKeyQuery,
    find_expiry_fault,
    parse_duration,
)
from llmring_keys.store import KeyStore
from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation


class KeyResource:
    """A project's keys: create, list, rotate, revoke, adopt."""

    def __init__(self, store: KeyStore, issuer: KeyIssuer) -> None:
        self._store = store
        self._issuer = issuer

    @operation(answer=list[ProjectKey], scope="admin")
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> list[ProjectKey]:
        """List this project's keys, without their secrets."""
        return await self._store.list_keys(req.context.project_id)

    @operation(body=KeyTerms, answer=IssuedKey, status=201, scope="admin")
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: KeyTerms) -> IssuedKey:
        """Create a key for this project; only this response contains its secret."""
        _check_expiry(body.expires_at)
        resp.set_header("Cache-Control", "no-store")
        return await self._issuer.create(req.context.project_id, body)

    @operation(answer=ProjectKey, errors=(404,), scope="admin")
    async def on_delete_one(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, key_id: str) -> ProjectKey:
        """Revoke a key; every process refuses it within a second."""
        found = None if "\0" in key_id else await self._issuer.revoke(req.context.project_id, key_id)
        if found is None:
            raise _unknown_key(key_id)
        return found

    @operation(query=RotateKeyQuery, answer=IssuedKey, status=201, errors=(404, 409), scope="admin")
    async def on_post_rotation(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, key_id: str, query: RotateKeyQuery
    ) -> IssuedKey:
        """Create the successor of a key; the old key stays valid for the grace period."""
        try:
            grace = parse_duration(query.grace, MAX_GRACE)
        except ValueError as error:
            raise Problem.validation("query", "grace", msg=str(error)) from error
        old = None if "\0" in key_id else await self._store.get(req.context.project_id, key_id)
        if old is None:
            raise _unknown_key(key_id)
        resp.set_header("Cache-Control", "no-store")
        try:
            return await self._issuer.rotate(old, grace)
        except KeyOperationError as error:
            raise Problem(409, str(error)) from error

    @operation(body=KeyAdoption, answer=ProjectKey, status=201, errors=(409,), scope="admin")
    async def on_post_adoption(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: KeyAdoption
    ) -> ProjectKey:
        """Add a key that clients already use to this project; the data it logged before is not moved."""
        _check_expiry(body.expires_at)
        terms = KeyTerms(scopes=body.scopes, name=body.name, expires_at=body.expires_at)
        try:
            return await self._issuer.adopt(body.key, req.context.project_id, terms)
        except KeyOperationError as error:
            raise Problem(409, str(error)) from error


def _check_expiry(expires_at: datetime | None) -> None:
    fault = expires_at and find_expiry_fault(expires_at, datetime.now(UTC))
    if fault:
        raise Problem.validation("body", "expires_at", msg=fault)


def _unknown_key(key_id: str) -> Problem:
    return Problem(404, f"This project has no key {key_id!r}.")
