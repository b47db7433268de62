"""The structs of conversations: requests and responses."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from llmring_server.http.codec import null

MAX_COUNT = 2**63 - 1
MAX_PAGE = 1_000

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
Label = Annotated[str, msgspec.Meta(max_length=1_000)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)]
Offset = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
Temperature = Annotated[float, msgspec.Meta(ge=0, le=1_000)]
Level = Literal["none", "metadata", "full"]


class NewConversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation to create; every field may be absent or null. `metadata` is any JSON, stored as it was sent."""

    title: Label | None = None
    system_prompt: str | None = None
    model_alias: Label | None = None
    temperature: Temperature | None = None
    max_tokens: Count | None = None
    origin: Label | None = None
    profile: Label | None = None
    metadata: msgspec.Raw = msgspec.field(default_factory=null)


class ConversationUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """The body of PATCH: absent fields are not changed, null clears a field."""

    title: Label | msgspec.UnsetType | None = msgspec.UNSET
    system_prompt: str | msgspec.UnsetType | None = msgspec.UNSET
    model_alias: Label | msgspec.UnsetType | None = msgspec.UNSET
    temperature: Temperature | msgspec.UnsetType | None = msgspec.UNSET
    max_tokens: Count | msgspec.UnsetType | None = msgspec.UNSET
    metadata: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message to add. `content`, `tool_calls` and `metadata` are any JSON, stored as they were sent."""

    role: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    content: msgspec.Raw = msgspec.field(default_factory=null)
    tool_calls: msgspec.Raw = msgspec.field(default_factory=null)
    tool_call_id: Label | None = None
    name: Label | None = None
    metadata: msgspec.Raw = msgspec.field(default_factory=null)
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    timestamp: datetime | None = None


class NewMessages(msgspec.Struct, frozen=True, kw_only=True):
    """Messages to add, all or none. With the `logging_level` `metadata` no text is stored, with `none` nothing is."""

    messages: list[NewMessage]
    logging_level: Level | None = None


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation; `log_id` is the usage entry of the call it was logged with, null if it was created empty."""

    id: UUID
    project_id: str
    title: str | None
    system_prompt: str | None
    model_alias: str | None
    temperature: float | None
    max_tokens: int | None
    origin: str | None
    profile: str | None
    metadata: msgspec.Raw | None
    log_id: UUID | None
    message_count: int
    total_tokens: Decimal
    created_at: datetime
    updated_at: datetime


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message; if the text is not stored, `content` is null, and its digest and size in bytes may be present."""

    id: UUID
    conversation_id: UUID
    position: int
    role: str
    content: msgspec.Raw | None
    content_digest: str | None
    content_bytes: int | None
    tool_calls: msgspec.Raw | None
    tool_call_id: str | None
    name: str | None
    metadata: msgspec.Raw | None
    input_tokens: int | None
    output_tokens: int | None
    token_count: Decimal | None
    timestamp: datetime


class ConversationHistory(Conversation, frozen=True, kw_only=True):
    """A conversation with its latest messages, in order."""

    messages: list[Message]


class ConversationDeletion(msgspec.Struct, frozen=True):
    """Whether a conversation was deleted; false if there was none."""

    deleted: bool


class ConversationListQuery(msgspec.Struct, frozen=True):
    """A page of conversations: at most `limit` and about 1 MiB, after `cursor` (from the Link header) or `offset`."""

    limit: Limit = 20
    offset: Offset = 0
    cursor: UUID | None = None


class MessageListQuery(msgspec.Struct, frozen=True):
    """A page of messages: at most `limit` and about 1 MiB, after `cursor` (from the Link header) or `offset`."""

    limit: Limit = 100
    offset: Offset = 0
    cursor: Count | None = None


class ConversationQuery(msgspec.Struct, frozen=True):
    """How many of the latest messages to include."""

    message_limit: Annotated[int, msgspec.Meta(ge=0, le=MAX_PAGE)] = 100
