"""The structs of aliases, and what a name and a model may be."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from llmring_server.http.codec import null

ALIAS_PATTERN = r"^[A-Za-z0-9._-]{1,128}\Z"
MODEL_PATTERN = r"^[^\s:,]+:[^\s,]+(\s*,\s*[^\s:,]+:[^\s,]+)*\Z"
MAX_MODEL_LENGTH = 255
MAX_SEQ = 2**63 - 1
DEFAULT_PROFILE = "default"

AliasName = Annotated[
    str, msgspec.Meta(description="1–128 of A–Z a–z 0–9 . _ -", extra_json_schema={"pattern": ALIAS_PATTERN})
]
Model = Annotated[
    str,
    msgspec.Meta(
        description="`provider:model`, or several by comma, best first",
        extra_json_schema={"pattern": MODEL_PATTERN, "maxLength": MAX_MODEL_LENGTH},
    ),
]
Profile = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class Alias(msgspec.Struct, frozen=True):
    """One alias as it stands; `version` counts its changes, times are UTC."""

    project_id: str
    profile: str
    alias: str
    model: str
    metadata: msgspec.Raw
    version: int
    created_at: datetime
    updated_at: datetime


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """An alias with the number of the change that made it so."""

    seq: int
    alias: Alias


class Entry(msgspec.Struct, frozen=True):
    """One change: what an alias was bound to, by which key, when (UTC); `seq` numbers a project's changes in order."""

    seq: int
    profile: str
    alias: str
    action: Literal["bind", "unbind"]
    model: str | None
    previous_model: str | None
    metadata: msgspec.Raw | None
    key_id: str
    changed_at: datetime


class Ready(msgspec.Struct, frozen=True):
    """A stream of changes has begun: whoever lists aliases at this version misses none."""

    version: int


class Setting(msgspec.Struct, frozen=True):
    """What PUT sets; `metadata` is any JSON, kept as it was sent."""

    model: Model
    profile: Profile | None = None
    metadata: msgspec.Raw = msgspec.field(default_factory=null)


class Binding(msgspec.Struct, frozen=True):
    """An alias to bind to a model; the profile is `default` when absent or null."""

    alias: AliasName
    model: Model
    profile: Profile | None = None
    metadata: msgspec.Raw = msgspec.field(default_factory=null)


class Target(msgspec.Struct, frozen=True):
    """What an alias of a profile shall be: bound to a model, or unbound when that is None."""

    profile: str
    alias: str
    model: str | None = None
    metadata: msgspec.Raw = msgspec.field(default_factory=null)


class ProfileQuery(msgspec.Struct, frozen=True):
    """`?profile=`."""

    profile: Profile = DEFAULT_PROFILE


class ListQuery(msgspec.Struct, frozen=True):
    """`?profile=`; absent means every profile."""

    profile: Profile | None = None


class BulkQuery(ProfileQuery, frozen=True):
    """`?profile=&replace=`; with `replace`, what is not named is unbound."""

    replace: bool = False


class HistoryQuery(msgspec.Struct, frozen=True):
    """`?alias=&profile=&limit=&cursor=`; absent means every alias, every profile."""

    alias: str | None = None
    profile: Profile | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    cursor: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)] | None = None


class WatchQuery(msgspec.Struct, frozen=True):
    """`?profile=&last_event_id=`; absent means every profile, from now on."""

    profile: Profile | None = None
    last_event_id: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)] | None = None


class ResolveQuery(msgspec.Struct, frozen=True):
    """`?alias=&profile=`."""

    alias: str
    profile: Profile = DEFAULT_PROFILE


class Resolved(msgspec.Struct, frozen=True):
    """Where an alias points."""

    alias: str
    model: str
    profile: str


class Deleted(msgspec.Struct, frozen=True):
    """Whether there was something to delete."""

    deleted: bool


class Updated(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many aliases a bulk call set, and with `replace` how many it deleted."""

    updated: int
    deleted: int | None = None
