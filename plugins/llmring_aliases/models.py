"""The structs of aliases, and the formats of names and models."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from llmring_server.http.codec import null

ALIAS_PATTERN = r"^(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,128}\Z"
MODEL_PATTERN = r"^[^\s:,]+:[^\s,]+(\s*,\s*[^\s:,]+:[^\s,]+)*\Z"
MAX_MODEL_LENGTH = 255
MAX_SEQ = 2**63 - 1
MAX_LIST = 20_000
DEFAULT_PROFILE = "default"

AliasName = Annotated[
    str,
    msgspec.Meta(description="1–128 characters: letters, digits, . _ -", extra_json_schema={"pattern": ALIAS_PATTERN}),
]
Model = Annotated[
    str,
    msgspec.Meta(
        description="`provider:model`, or several separated by commas, in order of preference",
        extra_json_schema={"pattern": MODEL_PATTERN, "maxLength": MAX_MODEL_LENGTH},
    ),
]
Profile = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class Alias(msgspec.Struct, frozen=True):
    """One alias with its current binding; `version` counts its changes, times are in UTC."""

    project_id: str
    profile: str
    alias: str
    model: str
    metadata: msgspec.Raw
    version: int
    created_at: datetime
    updated_at: datetime


class StoredAlias(msgspec.Struct, frozen=True, array_like=True):
    """An alias with the number of its latest change."""

    seq: int
    alias: Alias


class AliasHistoryEntry(msgspec.Struct, frozen=True):
    """One change: the binding of an alias, the key that made it and the time in UTC.

    `seq` numbers the changes of a project in order.
    """

    seq: int
    profile: str
    alias: str
    action: Literal["bind", "unbind"]
    model: str | None
    previous_model: str | None
    metadata: msgspec.Raw | None
    key_id: str
    changed_at: datetime


class WatchReady(msgspec.Struct, frozen=True):
    """The start of a stream of changes: a client that lists the aliases at this version misses none."""

    version: int


class AliasUpdate(msgspec.Struct, frozen=True):
    """The body of PUT; `metadata` is any JSON, stored as it was sent."""

    model: Model
    profile: Profile | None = None
    metadata: msgspec.Raw = msgspec.field(default_factory=null)


class AliasBinding(msgspec.Struct, frozen=True):
    """An alias to bind to a model; the profile is `default` if absent or null."""

    alias: AliasName
    model: Model
    profile: Profile | None = None
    metadata: msgspec.Raw = msgspec.field(default_factory=null)


class Target(msgspec.Struct, frozen=True):
    """The wanted state of an alias in a profile: bound to a model, or unbound if that is None."""

    profile: str
    alias: str
    model: str | None = None
    metadata: msgspec.Raw = msgspec.field(default_factory=null)


class AliasProfileQuery(msgspec.Struct, frozen=True):
    """`?profile=`."""

    profile: Profile = DEFAULT_PROFILE


class AliasListQuery(msgspec.Struct, frozen=True):
    """`?profile=&limit=&cursor=`; absent means every profile; the cursor comes from the `Link` of the previous page.

    A page is at most `limit` aliases and about 4 MiB.
    """

    profile: Profile | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LIST)] = MAX_LIST
    cursor: str | None = None


class BulkUpsertQuery(msgspec.Struct, frozen=True):
    """`?profile=&replace=`; with `replace`, aliases that are not in the body are unbound.

    A `profile` is that of every entry; without it each entry's own counts, by default `default`.
    """

    profile: Profile | None = None
    replace: bool = False


class AliasHistoryQuery(msgspec.Struct, frozen=True):
    """`?alias=&profile=&limit=&cursor=`; absent means every alias, every profile."""

    alias: str | None = None
    profile: Profile | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    cursor: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)] | None = None


class WatchQuery(msgspec.Struct, frozen=True):
    """`?profile=&last_event_id=`; absent means every profile, starting now."""

    profile: Profile | None = None
    last_event_id: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)] | None = None


class ResolveQuery(msgspec.Struct, frozen=True):
    """`?alias=&profile=`."""

    alias: str
    profile: Profile = DEFAULT_PROFILE


class ResolvedAlias(msgspec.Struct, frozen=True):
    """The model of an alias."""

    alias: str
    model: str
    profile: str


class AliasDeletion(msgspec.Struct, frozen=True):
    """Whether an alias was deleted; false if it was not bound."""

    deleted: bool


class BulkUpsertResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many aliases a bulk update set and, with `replace`, how many it deleted."""

    updated: int
    deleted: int | None = None
