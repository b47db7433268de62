"""The structs of managed keys, and functions that generate, hash and parse their values."""

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
MAX_LIFETIME = timedelta(days=36_500)
ALL_SCOPES: tuple[Scope, ...] = ("ingest", "read", "admin")
DURATION = re.compile(r"(\d{1,9})([smhd]?)")
UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Scopes = Annotated[frozenset[Scope], msgspec.Meta(min_length=1)]


class KeyOperationError(Exception):
    """An operation on a key is not possible; the message gives the reason and contains no secret."""


class Project(msgspec.Struct, frozen=True):
    """A project with its id and name."""

    project_id: str
    name: str | None
    created_at: datetime


class ProjectKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its secret; times are in UTC.

    `rotated_from` is the id of the key that this one replaces; a rotated key is valid until its `grace_until`.
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
        """When this key ends: at its expiry, revocation or end of grace, whichever is earliest; None if never."""
        return min(filter(None, (self.expires_at, self.revoked_at, self.grace_until)), default=None)

    def state(self, now: datetime) -> str:
        """Return `active`, `rotated` (still valid), `expired` or `revoked`."""
        if self.revoked_at:
            return "revoked"
        if self.ends_at and self.ends_at <= now:
            return "expired"
        return "rotated" if self.grace_until else "active"


class IssuedKey(ProjectKey, frozen=True, kw_only=True):
    """A new key with its secret, which is returned only once and not stored."""

    key: str


class StoredKey(ProjectKey, frozen=True, kw_only=True):
    """A key as it is stored, with the hash it is looked up by."""

    hash: bytes


class KeyTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The scopes of a new key, its name, and when it expires, if ever."""

    scopes: Scopes
    name: Name | None = None
    expires_at: Moment | None = None


class KeyAdoption(msgspec.Struct, frozen=True, kw_only=True):
    """A key that clients already use, to add to the project; its scopes default to `ingest` and `read`."""

    key: Annotated[str, msgspec.Meta(description="1–255 characters without whitespace, as clients send it")]
    scopes: Scopes = frozenset({"ingest", "read"})
    name: Name | None = None
    expires_at: Moment | None = None


class RotateKeyQuery(msgspec.Struct, frozen=True):
    """`?grace=24h`: how long the old key stays valid; `0` ends it immediately."""

    grace: str = "24h"


def generate_key() -> str:
    """Return the secret of a new key: `llmr_` and 256 random bits in base32."""
    return PREFIX + _base32(secrets.token_bytes(KEY_BYTES))


def generate_key_id() -> str:
    """Return a public id that sorts by time: a UUIDv7 in base32hex."""
    return "key_" + base64.b32hexencode(uuid_utils.uuid7().bytes).decode().rstrip("=").lower()


def generate_project_id() -> str:
    """Return a random project id, which no plain key has."""
    return "prj_" + _base32(secrets.token_bytes(KEY_BYTES))[:PROJECT_ID_LENGTH]


def hash_key(secret: str, pepper: bytes) -> bytes:
    """Return the hash that is stored: HMAC-SHA256 with the pepper, independent of the project id."""
    return hmac.digest(pepper, b"llmring key\0" + secret.encode("latin-1", "replace"), "sha256")


def parse_duration(text: str, longest: timedelta) -> timedelta:
    """Parse `30m`, `24h`, `90d`, or seconds.

    Raises:
        ValueError: it is not a duration, or longer than `longest`.
    """
    match = DURATION.fullmatch(text.strip())
    found = timedelta(**{UNITS[match[2]]: int(match[1])}) if match else None
    if found is None or found > longest:
        raise ValueError(f"Give a duration such as 30m, 24h or 90d, at most {longest.days} days.")
    return found


def parse_expiry(text: str, now: datetime) -> datetime:
    """Parse an expiry: a duration from now, a time, or a date, whose whole day (UTC) is included.

    Raises:
        ValueError: it is none of these, or not allowed: see `find_expiry_fault`.
    """
    found = _parse_time(text, now)
    fault = find_expiry_fault(found, now)
    if fault:
        raise ValueError(fault)
    return found


def find_expiry_fault(expires_at: datetime, now: datetime) -> str | None:
    """Return why an expiry is not allowed, or None: it must be in the future, and within `MAX_LIFETIME`."""
    if now < expires_at <= now + MAX_LIFETIME:
        return None
    return f"Give a time in the future, at most {MAX_LIFETIME.days:,} days from now."


def _parse_time(text: str, now: datetime) -> datetime:
    if DURATION.fullmatch(text.strip()):
        return now + parse_duration(text, MAX_LIFETIME)
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise ValueError("Give a duration (90d), a date (2026-01-31) or a time (2026-01-31T12:00:00Z).") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _base32(content: bytes) -> str:
    return base64.b32encode(content).decode().rstrip("=").lower()
