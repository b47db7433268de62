"""Create, adopt, rotate and revoke keys, for the command line and the HTTP endpoints."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from llmring_keys.models import (
    IssuedKey,
    KeyOperationError,
    KeyTerms,
    Project,
    ProjectKey,
    StoredKey,
    generate_key,
    generate_key_id,
    hash_key,
)
from llmring_keys.store import KeyStore
from llmring_server.contracts.projects import ChangedKey
from llmring_server.http.middleware.authentication import key_fault, project_id
from llmring_server.plugins.events import Events

MIN_ADOPTED_LENGTH = 16
log = logging.getLogger(__name__)


class KeyIssuer:
    """Issues the keys of projects. Its callers have checked that the client may act for the project."""

    def __init__(self, store: KeyStore, pepper: bytes, events: Events) -> None:
        self._store = store
        self._events = events
        self._pepper = pepper

    async def create(self, project: str | Project, terms: KeyTerms) -> IssuedKey:
        """Create a key for a project, which is given by its id or is created too.

        Raises:
            KeyOperationError: there is no project with this id.
        """
        secret, new = generate_key(), project if isinstance(project, Project) else None
        key = self._to_stored(new.project_id if new else str(project), secret, terms)
        await self._store.add(key, new)
        log.info("created key %s for %s", key.key_id, key.project_id)
        self._announce(key.project_id, key.key_id, "issued")
        return IssuedKey(key=secret, **_public_fields(key))

    async def adopt(self, secret: str, project: str | None, terms: KeyTerms) -> ProjectKey:
        """Register a key that clients already use: for `project`, or for the project it names as a plain key.

        Raises:
            KeyOperationError: the key is invalid, too short or already registered, or there is no such project.
        """
        fault = key_fault(secret)
        if fault:
            raise KeyOperationError(f"The key {fault}.")
        if any(ord(character) > 255 for character in secret):
            raise KeyOperationError("The key has characters that an HTTP header cannot contain.")
        if len(secret) < MIN_ADOPTED_LENGTH:
            raise KeyOperationError(
                f"The key has fewer than {MIN_ADOPTED_LENGTH} characters and could be guessed. Create a new key."
            )
        own = project_id(secret, self._pepper)
        key = self._to_stored(project or own, secret, terms)
        await self._store.add(key, None if project else Project(own, terms.name, key.created_at))
        log.info("adopted key %s for %s", key.key_id, key.project_id)
        self._announce(key.project_id, key.key_id, "issued")
        return ProjectKey(**_public_fields(key))

    async def rotate(self, old: ProjectKey, grace: timedelta) -> IssuedKey:
        """Create the successor of a key, with the same scopes and lifetime; the old key ends after `grace`.

        Raises:
            KeyOperationError: the key is no longer valid, or already has a successor.
        """
        now = datetime.now(UTC)
        state = old.state(now)
        if state != "active":
            raise KeyOperationError(f"Key {old.key_id} is already {state}.")
        expires_at = old.expires_at and now + (old.expires_at - old.created_at)
        secret = generate_key()
        terms = KeyTerms(scopes=frozenset(old.scopes), name=old.name, expires_at=expires_at)
        key = self._to_stored(old.project_id, secret, terms, rotated_from=old.key_id)
        if not await self._store.rotate(key, now + grace):
            raise KeyOperationError(f"Key {old.key_id} was rotated or revoked in the meantime.")
        log.info("key %s was rotated; its successor is %s", old.key_id, key.key_id)
        self._announce(old.project_id, old.key_id, "rotated", key.key_id)
        return IssuedKey(key=secret, **_public_fields(key))

    async def revoke(self, project: str, key_id: str) -> ProjectKey | None:
        """Revoke a key and return it, also if it was revoked before; None if the project has no key with this id."""
        if await self._store.revoke(project, key_id, datetime.now(UTC)):
            log.info("key %s was revoked", key_id)
            self._announce(project, key_id, "revoked")
        return await self._store.get(project, key_id)

    def _announce(
        self, project: str, key_id: str, change: Literal["issued", "rotated", "revoked"], replaced_by: str | None = None
    ) -> None:
        changed = ChangedKey(
            project_id=project, key_id=key_id, change=change, changed_at=datetime.now(UTC), replaced_by=replaced_by
        )
        self._events.publish("llmring_key_changed", [changed])

    def _to_stored(self, project: str, secret: str, terms: KeyTerms, rotated_from: str | None = None) -> StoredKey:
        return StoredKey(
            key_id=generate_key_id(),
            project_id=project,
            hash=hash_key(secret, self._pepper),
            name=terms.name,
            scopes=sorted(terms.scopes),
            created_at=datetime.now(UTC),
            expires_at=terms.expires_at,
            rotated_from=rotated_from,
        )


def _public_fields(key: StoredKey) -> dict[str, Any]:
    return {name: getattr(key, name) for name in ProjectKey.__struct_fields__}
