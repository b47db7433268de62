"""The structs of the client: frozen, times in UTC."""

from datetime import datetime
from typing import Any, Literal

import msgspec


class Alias(msgspec.Struct, frozen=True):
    """An alias with its current binding; `version` counts its changes, `etag` is for `if_match`."""

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
    """An alias to bind: to `provider:model`, or several separated by commas in order of preference.

    `metadata` is any JSON.
    """

    alias: str
    model: str
    metadata: Any = None


class Listing(msgspec.Struct, frozen=True):
    """The aliases of a profile (or of all), sorted.

    `etag` is for `if_match` with `replace`, `version` for `since` in `watch`.
    """

    aliases: list[Alias]
    etag: str
    version: int


class Updated(msgspec.Struct, frozen=True):
    """How many aliases a bulk update set and deleted."""

    updated: int
    deleted: int = 0


class Change(msgspec.Struct, frozen=True):
    """A change of a project's aliases; `seq` numbers them in order, `key_id` is the key that made it."""

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
    """The start of a watch: every change after `version` follows, and none before it."""

    version: int
