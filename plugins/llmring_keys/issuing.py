"""Making, adopting, rotating and revoking keys; the command line and HTTP both come here."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from llmring_keys.models import IssuedKey, KeptKey, Key, Project, Refused, Terms, hash_of, new_key_id, new_text
from llmring_keys.store import KeyStore
from llmring_server.http.middleware.project_keys import key_fault, project_id

log = logging.getLogger(__name__)


class Issuer:
    """Gives keys to projects. Whoever calls it has made sure that the caller may act for the project."""

    def __init__(self, store: KeyStore, pepper: bytes) -> None:
        self._store = store
        self._pepper = pepper

    async def create(self, project: str | Project, terms: Terms) -> IssuedKey:
        """Give a project, by its id or a new one, a new key.

        Raises:
            Refused: there is no project of this id.
        """
        text, new = new_text(), project if isinstance(project, Project) else None
        key = self._kept(new.project_id if new else str(project), text, terms)
        await self._store.add(key, new)
        log.info("key %s was made for %s", key.key_id, key.project_id)
        return IssuedKey(key=text, **_public(key))

    async def adopt(self, text: str, project: str | None, terms: Terms) -> Key:
        """Make a key of a text that clients already send: of `project`, or of the one it names as a plain key.

        Raises:
            Refused: no key can be so, it is one already, or there is no such project.
        """
        fault = key_fault(text)
        if fault:
            raise Refused(f"the key {fault}")
        if any(ord(character) > 255 for character in text):
            raise Refused("the key has characters that no header carries")
        own = project_id(text, self._pepper)
        key = self._kept(project or own, text, terms)
        await self._store.add(key, None if project else Project(own, terms.name, key.created_at))
        log.info("key %s was adopted for %s", key.key_id, key.project_id)
        return Key(**_public(key))

    async def rotate(self, old: Key, grace: timedelta) -> IssuedKey:
        """Give a key its successor, of the same scopes and life; the old one ends after `grace`.

        Raises:
            Refused: it works no longer, or has a successor already.
        """
        now = datetime.now(UTC)
        state = old.state(now)
        if state != "active":
            raise Refused(f"key {old.key_id} is {state} already")
        life = old.expires_at and now + (old.expires_at - old.created_at)
        text = new_text()
        terms = Terms(scopes=frozenset(old.scopes), name=old.name, expires_at=life)
        key = self._kept(old.project_id, text, terms, rotated_from=old.key_id)
        if not await self._store.rotate(key, now + grace):
            raise Refused(f"key {old.key_id} was rotated or revoked meanwhile")
        log.info("key %s was rotated; its successor is %s", old.key_id, key.key_id)
        return IssuedKey(key=text, **_public(key))

    async def revoke(self, project: str, key_id: str) -> Key | None:
        """End a key at once and return it, also when it had ended before; None when the project has none of this id."""
        if await self._store.revoke(project, key_id, datetime.now(UTC)):
            log.info("key %s was revoked", key_id)
        return await self._store.get(project, key_id)

    def _kept(self, project: str, text: str, terms: Terms, rotated_from: str | None = None) -> KeptKey:
        return KeptKey(
            key_id=new_key_id(),
            project_id=project,
            hash=hash_of(text, self._pepper),
            name=terms.name,
            scopes=sorted(terms.scopes),
            created_at=datetime.now(UTC),
            expires_at=terms.expires_at,
            rotated_from=rotated_from,
        )


def _public(key: KeptKey) -> dict[str, Any]:
    return {name: getattr(key, name) for name in Key.__struct_fields__}
