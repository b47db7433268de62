"""What the client takes and gives: frozen structs, times in UTC."""

from datetime import datetime
from typing import Any, Literal

import msgspec


class Alias(msgspec.Struct, frozen=True):
    """An alias as it stands; `version` counts its changes, `etag` is for `if_match`."""

    profile: str
    alias: str
    model: str
    metadata: Any
    version: int
    created_at: datetime
    updated_at: datetime
    project_id: str = ""
    etag: str = ""


class Binding(msgspec.Struct, frozen=True, omit_defaults=True):
    """An alias to bind: a model `provider:model`, or several by comma, best first; `metadata` is any JSON."""

    alias: str
    model: str
    metadata: Any = None


class Listing(msgspec.Struct, frozen=True):
    """The aliases of a profile (or of all), sorted.

    `etag` is for `if_match` of `replace`; `version` for `since` of `watch`.
    """

    aliases: list[Alias]
    etag: str
    version: int


class Updated(msgspec.Struct, frozen=True):
    """How many aliases a bulk call set and deleted."""

    updated: int
    deleted: int = 0


class Change(msgspec.Struct, frozen=True):
    """One change of a project's aliases; `seq` numbers them in order, `key_id` is whose key made it."""

    seq: int
    profile: str
    alias: str
    action: Literal["bind", "unbind"]
    model: str | None
    previous_model: str | None
    metadata: Any
    key_id: str
    changed_at: datetime


class Ready(msgspec.Struct, frozen=True):
    """The beginning of a watch: every change above `version` follows, none before it will."""

    version: int
