"""Sessions: who is signed in, as a signed cookie says it; the project key itself is in none."""

import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import falcon.asgi
import itsdangerous
import msgspec

from llmring_dashboard.settings import DashboardSettings
from llmring_dashboard.store import kept_secret
from llmring_server.database import Database

COOKIE = "llmring_session"
VISITOR = "llmring_visitor"
MESSAGE = "llmring_message"
MESSAGE_SECONDS = 60
PATH = "/ui"
DERIVED_FOR = b"llmring dashboard sessions\0"
SIGNED = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


class Session(msgspec.Struct, frozen=True):
    """A visitor by a random `nonce`; once signed in also the project and the public id of the key."""

    nonce: str
    project_id: str = ""
    key_id: str = ""

    @property
    def signed_in(self) -> bool:
        """Whether a key was shown."""
        return bool(self.key_id)


def new_session(project_id: str = "", key_id: str = "") -> Session:
    """Return a session that none was before: of a visitor, or of one who has shown a key."""
    return Session(secrets.token_urlsafe(16), project_id, key_id)


class Sessions:
    """Signs and reads what the browser keeps: sessions, the tokens of their forms, and messages to show once.

    The first secret signs and every one reads. Usable while `running`, which finds a secret where none is configured:
    one that is kept in the database, hashed with the pepper, so that neither alone is enough to sign.
    """

    def __init__(self, database: Database, settings: DashboardSettings, pepper: bytes) -> None:
        self._database = database
        self._pepper = pepper
        self._secrets = [secret.get_secret_value() for secret in settings.session_secrets]
        self._lifetime = int(settings.session_hours * 3600)
        self._read_by: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Find what to sign with."""
        self._read_by = _oldest_first(self._secrets or [await self._derived()])
        yield

    async def _derived(self) -> str:
        kept = await kept_secret(self._database)
        return hmac.digest(self._pepper, DERIVED_FOR + kept.encode(), "sha256").hex()

    def read(self, req: falcon.asgi.Request) -> Session | None:
        """Return the session that a request shows, or None without one, or for one that is forged or too old.

        Who has not signed in has a cookie of another name: a session that was held back, since a link of another site
        led here, is not lost to it.
        """
        for name in (COOKIE, VISITOR):
            found = self._loads(name, req.cookies.get(name, ""))
            if isinstance(found, dict):
                return msgspec.convert(found, Session)
        return None

    def write(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, session: Session) -> None:
        """Have the browser keep a session."""
        name = COOKIE if session.signed_in else VISITOR
        text = self._signer(name).dumps(msgspec.to_builtins(session))
        set_cookie(req, resp, name, str(text), self._lifetime)

    def token(self, session: Session) -> str:
        """Return what the forms of a session carry, so that no other site's form is taken for one."""
        return str(self._signer("form").dumps(session.nonce))

    def carries(self, session: Session, token: str) -> bool:
        """Whether a form's token is of this session."""
        nonce = self._loads("form", token)
        return isinstance(nonce, str) and hmac.compare_digest(nonce.encode(), session.nonce.encode())

    def say(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, text: str) -> None:
        """Have the next page show a message, once."""
        set_cookie(req, resp, MESSAGE, str(self._signer("message").dumps(text)), MESSAGE_SECONDS)

    def said(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> str | None:
        """Return the message that was left for this page, if any, and forget it."""
        if MESSAGE not in req.cookies:
            return None
        drop_cookie(req, resp, MESSAGE)
        found = self._loads("message", req.cookies[MESSAGE])
        return found if isinstance(found, str) else None

    def _signer(self, use: str) -> itsdangerous.URLSafeTimedSerializer:
        return itsdangerous.URLSafeTimedSerializer(self._read_by, salt=f"llmring {use}", signer_kwargs=SIGNED)

    def _loads(self, use: str, text: str) -> object:
        try:
            found: object = self._signer(use).loads(text, max_age=self._lifetime)
        except itsdangerous.BadData:
            return None
        return found


def set_cookie(req: falcon.asgi.Request, resp: falcon.asgi.Response, name: str, value: str, seconds: int) -> None:
    """Have the browser keep a value that no script and no other site sees; behind TLS, it goes over TLS alone."""
    resp.set_cookie(
        name, value, max_age=seconds, path=PATH, secure=req.scheme == "https", http_only=True, same_site="Strict"
    )


def drop_cookie(req: falcon.asgi.Request, resp: falcon.asgi.Response, name: str) -> None:
    """Have the browser forget a value."""
    set_cookie(req, resp, name, "", 0)


def _oldest_first(found: Sequence[str]) -> list[str]:
    """Return secrets in the order in which itsdangerous wants them: it signs with the last."""
    return list(reversed(found))
