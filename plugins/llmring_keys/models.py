"""The structs of managed keys: what is kept, asked and answered; and how a key's text is made and hashed."""

import base64
import hmac
import re
import secrets
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

import msgspec
import uuid_utils

from llmring_server.contracts import Scope

PREFIX = "llmr_"
KEY_BYTES = 32
PROJECT_ID_LENGTH = 26
MAX_GRACE = timedelta(days=365)
MAX_LIFE = timedelta(days=36_500)
EVERY_SCOPE: tuple[Scope, ...] = ("ingest", "read", "admin")
DURATION = re.compile(r"(\d{1,9})([smhd]?)")
UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Scopes = Annotated[frozenset[Scope], msgspec.Meta(min_length=1)]


class Refused(Exception):
    """What was asked cannot be done; the message says why, and holds no secret."""


class Project(msgspec.Struct, frozen=True):
    """A project by its id, with the name it was given."""

    project_id: str
    name: str | None
    created_at: datetime


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its secret; times are UTC.

    `rotated_from` is the id of the key that this one succeeds; a rotated key works until its `grace_until`.
    """

    key_id: str
    project_id: str
    name: str | None
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    rotated_from: str | None = None
    grace_until: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When this key ceases to work: the earliest of its ends, or None."""
        return min(filter(None, (self.expires_at, self.revoked_at, self.grace_until)), default=None)

    def state(self, now: datetime) -> str:
        """Return `active`, `rotated` (and still working), `expired` or `revoked`."""
        if self.revoked_at:
            return "revoked"
        if self.ends_at and self.ends_at <= now:
            return "expired"
        return "rotated" if self.grace_until else "active"


class IssuedKey(Key, frozen=True, kw_only=True):
    """A new key with its text, which is shown this once and kept nowhere."""

    key: str


class KeptKey(Key, frozen=True, kw_only=True):
    """A key as it is stored, with the hash that finds it."""

    hash: bytes


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a new key may do, what it is called, and when it expires, if ever."""

    scopes: Scopes
    name: Name | None = None
    expires_at: Moment | None = None


class Adoption(msgspec.Struct, frozen=True, kw_only=True):
    """A key that clients already use, to join to the project; it may ingest and read unless `scopes` says otherwise."""

    key: Annotated[str, msgspec.Meta(description="1 to 255 characters without whitespace, as clients send it")]
    scopes: Scopes = frozenset({"ingest", "read"})
    name: Name | None = None
    expires_at: Moment | None = None


class RotateQuery(msgspec.Struct, frozen=True):
    """`?grace=24h`: how long the old key goes on working; `0` ends it at once."""

    grace: str = "24h"


def new_text() -> str:
    """Return the text of a new key: `llmr_` and 256 random bits in base32."""
    return PREFIX + _base32(secrets.token_bytes(KEY_BYTES))


def new_key_id() -> str:
    """Return a public id whose order is that of time: a UUIDv7 in base32hex."""
    return "key_" + base64.b32hexencode(uuid_utils.uuid7().bytes).decode().rstrip("=").lower()


def new_project_id() -> str:
    """Return the id of a project that no plain key names."""
    return "prj_" + _base32(secrets.token_bytes(KEY_BYTES))[:PROJECT_ID_LENGTH]


def hash_of(text: str, pepper: bytes) -> bytes:
    """Return what is stored of a key: HMAC-SHA256 with the pepper, of another message than the project id's."""
    return hmac.digest(pepper, b"llmring key\0" + text.encode("latin-1", "replace"), "sha256")


def duration(text: str, longest: timedelta) -> timedelta:
    """Read `30m`, `24h`, `90d`, or seconds.

    Raises:
        ValueError: it is none, or longer than `longest`.
    """
    match = DURATION.fullmatch(text.strip())
    found = timedelta(**{UNITS[match[2]]: int(match[1])}) if match else None
    if found is None or found > longest:
        raise ValueError(f"a duration such as 30m, 24h or 90d, at most {longest.days} days")
    return found


def expiry(text: str, now: datetime) -> datetime:
    """Read when a key expires: a duration from now, a time, or a date, whose whole day (UTC) is included.

    Raises:
        ValueError: it is none of them, or `expiry_fault` says why not.
    """
    found = _moment(text, now)
    fault = expiry_fault(found, now)
    if fault:
        raise ValueError(fault)
    return found


def expiry_fault(expires_at: datetime, now: datetime) -> str | None:
    """Say why a key cannot expire then, or None when it can: not past, nor later than the database counts years."""
    if now < expires_at <= now + MAX_LIFE:
        return None
    return f"a time to come, at most {MAX_LIFE.days:,} days from now"


def _moment(text: str, now: datetime) -> datetime:
    if DURATION.fullmatch(text.strip()):
        return now + duration(text, MAX_LIFE)
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise ValueError("a duration (90d), a date (2026-01-31) or a time (2026-01-31T12:00:00Z)") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _base32(content: bytes) -> str:
    return base64.b32encode(content).decode().rstrip("=").lower()
