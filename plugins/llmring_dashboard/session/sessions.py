"""Sessions in signed cookies, which never contain the project key."""

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import falcon.asgi
import itsdangerous
import msgspec

from llmring_dashboard.session.secret_store import load_or_create_file, load_or_create_row
from llmring_dashboard.settings import DashboardSettings
from llmring_server.database import Database
from llmring_server.plugins.pages.visit import PATH

log = logging.getLogger(__name__)

SESSION_COOKIE = "llmring_session"
VISITOR_COOKIE = "llmring_visitor"
MESSAGE_COOKIE = "llmring_message"
MESSAGE_SECONDS = 60
KEY_CONTEXT = b"llmring dashboard sessions\0"
SIGNER_OPTIONS = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


class Session(msgspec.Struct, frozen=True):
    """A visitor by a random `nonce`, with the project and the key's public id once signed in."""

    nonce: str
    project_id: str = ""
    key_id: str = ""

    @property
    def signed_in(self) -> bool:
        """Whether the visitor has signed in."""
        return bool(self.key_id)


def create_session(project_id: str = "", key_id: str = "") -> Session:
    """Return a new session, signed in if a key is given."""
    return Session(secrets.token_urlsafe(16), project_id, key_id)


class Sessions:
    """Signs and verifies cookies: sessions, the tokens of their forms, and messages to show once.

    The first secret signs, and every secret verifies. Usable while `running`. Without a configured secret, one is
    derived from the pepper and a random value: in a file of `secret_folder`, or for None in the database.
    """

    def __init__(
        self, database: Database, settings: DashboardSettings, pepper: bytes, secret_folder: Path | None
    ) -> None:
        self._database = database
        self._pepper = pepper
        self._secret_folder = secret_folder
        self._secrets = [secret.get_secret_value() for secret in settings.session_secrets]
        self._lifetime = int(settings.session_hours * 3600)
        self._verification_keys: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load the secrets."""
        self._verification_keys = _reverse(self._secrets or [await self._derive_secret()])
        yield

    async def _derive_secret(self) -> str:
        if self._secret_folder:
            secret = await asyncio.to_thread(load_or_create_file, self._secret_folder)
        else:
            secret = await load_or_create_row(self._database)
            if not self._pepper:
                log.warning(
                    "the secret of the dashboard's sessions is in the database alone: a role that may read the table "
                    "dashboard_secrets, or a copy of it, can sign in to every project; set "
                    "LLMRING_DASHBOARD_SESSION_SECRETS, or LLMRING_KEY_PEPPER before the first start"
                )
        return hmac.digest(self._pepper, KEY_CONTEXT + secret.encode(), "sha256").hex()

    def load(self, req: falcon.asgi.Request) -> Session | None:
        """Return the session of a request, or None if it is missing, forged or expired.

        A visitor who is not signed in has a cookie of another name, so that it does not replace a session that the
        browser did not send because a link on another site led here.
        """
        for name in (SESSION_COOKIE, VISITOR_COOKIE):
            found = self._verify(name, req.cookies.get(name, ""))
            if isinstance(found, dict):
                return msgspec.convert(found, Session)
        return None

    def save(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, session: Session) -> None:
        """Set the cookie of a session."""
        name = SESSION_COOKIE if session.signed_in else VISITOR_COOKIE
        text = self._signer(name).dumps(msgspec.to_builtins(session))
        set_cookie(req, resp, name, str(text), self._lifetime)

    def create_csrf_token(self, session: Session) -> str:
        """Return the CSRF token for the forms of a session."""
        return str(self._signer("form").dumps(session.nonce))

    def is_valid_csrf_token(self, session: Session, token: str) -> bool:
        """Whether a CSRF token belongs to this session."""
        nonce = self._verify("form", token)
        return isinstance(nonce, str) and hmac.compare_digest(nonce.encode(), session.nonce.encode())

    def set_message(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, text: str) -> None:
        """Store a message for the next page."""
        set_cookie(req, resp, MESSAGE_COOKIE, str(self._signer("message").dumps(text)), MESSAGE_SECONDS)

    def pop_message(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> str | None:
        """Return and delete the message stored for this page, if any."""
        if MESSAGE_COOKIE not in req.cookies:
            return None
        delete_cookie(req, resp, MESSAGE_COOKIE)
        found = self._verify("message", req.cookies[MESSAGE_COOKIE])
        return found if isinstance(found, str) else None

    def _signer(self, use: str) -> itsdangerous.URLSafeTimedSerializer:
        return itsdangerous.URLSafeTimedSerializer(
            self._verification_keys, salt=f"llmring {use}", signer_kwargs=SIGNER_OPTIONS
        )

    def _verify(self, use: str, text: str) -> object:
        try:
            found: object = self._signer(use).loads(text, max_age=self._lifetime)
        except itsdangerous.BadData:
            return None
        return found


def set_cookie(req: falcon.asgi.Request, resp: falcon.asgi.Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie that is not available to scripts or other sites, and is sent only over TLS if the request was."""
    resp.set_cookie(
        name, value, max_age=seconds, path=PATH, secure=req.scheme == "https", http_only=True, same_site="Strict"
    )


def delete_cookie(req: falcon.asgi.Request, resp: falcon.asgi.Response, name: str) -> None:
    """Delete a cookie."""
    set_cookie(req, resp, name, "", 0)


def _reverse(found: Sequence[str]) -> list[str]:
    """Return secrets in the order of itsdangerous, which signs with the last."""
    return list(reversed(found))
