"""The content policy: store the full text, a keyed digest and its size, or nothing."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import uuid_utils.compat as uuids

from llmring_conversations.models import ConversationUpdate, Level, NewConversation, NewMessage
from llmring_conversations.settings import ContentMode
from llmring_server.http import codec
from llmring_server.http.errors import Problem

DOMAIN = b"llmring-server conversation content\0"
DEFAULT_ROLE = "user"

_json = msgspec.json.Decoder()


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it is stored; fields are named as the columns, `at` is its index in the batch."""

    at: int
    id: str
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
    said_at: datetime


class ContentPolicy:
    """The content mode of a deployment, with the secret for the digests and the bytes that one item may have."""

    def __init__(self, mode: ContentMode, pepper: bytes, max_item_bytes: int) -> None:
        self.mode: ContentMode = mode
        self._pepper = pepper
        self._max_item_bytes = max_item_bytes

    @property
    def has_pepper(self) -> bool:
        """Whether digests are keyed with a secret; without one, short texts can be guessed from them."""
        return bool(self._pepper)

    def to_columns(self, given: NewConversation | ConversationUpdate) -> dict[str, Any]:
        """Return the columns of a conversation; system prompt and metadata are stored only in mode `full`.

        Raises:
            Problem: 422 for a value that is too large.
        """
        fields = {name: getattr(given, name) for name in given.__struct_fields__}
        values = {name: value for name, value in fields.items() if value is not msgspec.UNSET}
        if self.mode != "full":
            values.update({name: None for name in ("system_prompt", "metadata") if name in values})
        if values.get("metadata") is not None:
            values["metadata"] = None if values["metadata"] == codec.NULL else bytes(values["metadata"]).decode()
        self.check_columns(values)
        return values

    def check_columns(self, values: Mapping[str, Any]) -> None:
        """Check the size of each text among the columns of a conversation.

        Raises:
            Problem: 422 for one that is too large.
        """
        for name, value in values.items():
            size = len(value.encode()) if isinstance(value, str) else 0
            if size > self._max_item_bytes:
                raise codec.item_too_large(size, self._max_item_bytes, "body", name)

    def to_rows(self, project: str, messages: list[NewMessage], level: Level | None = None) -> list[MessageRow]:
        """Return messages as they are stored, by the mode of the deployment or the stricter level of the client.

        Raises:
            Problem: 422 for a message that is too large, or a timestamp without an offset.
        """
        mode = "none" if level == "metadata" else self.mode
        now = datetime.now(UTC)
        rows = [self._to_row(project, at, message, mode, now) for at, message in enumerate(messages)]
        for row in rows:
            parts = (row.content, row.tool_calls, row.metadata)
            size = sum(len(part) for part in parts if part is not None and part != codec.NULL)
            if size > self._max_item_bytes:
                raise codec.item_too_large(size, self._max_item_bytes, "body", "messages", row.at)
        return rows

    def _to_row(self, project: str, at: int, message: NewMessage, mode: ContentMode, now: datetime) -> MessageRow:
        full = mode == "full"
        digest_input = _digest_input(message.content) if mode == "hash" else None
        return MessageRow(
            at=at,
            id=str(uuids.uuid7()),
            role=message.role or DEFAULT_ROLE,
            content=message.content if full else None,
            content_digest=None if digest_input is None else self._digest(project, digest_input),
            content_bytes=None if digest_input is None else len(digest_input),
            tool_calls=message.tool_calls if full else None,
            tool_call_id=message.tool_call_id,
            name=message.name,
            metadata=message.metadata if full else None,
            input_tokens=message.input_tokens,
            output_tokens=message.output_tokens,
            said_at=_to_utc(message.timestamp, now, at),
        )

    def _digest(self, project: str, content: bytes) -> str:
        return hmac.digest(self._pepper, DOMAIN + project.encode() + b"\0" + content, "sha256").hex()


def _digest_input(content: msgspec.Raw) -> bytes | None:
    """Return the input of a digest: a string as unescaped UTF-8, other JSON as it was sent."""
    if content == codec.NULL:
        return None
    sent = bytes(content)
    given = _json.decode(sent) if sent.startswith(b'"') else None
    return given.encode() if isinstance(given, str) else sent


def _to_utc(given: datetime | None, now: datetime, at: int) -> datetime:
    if given is None:
        return now
    if given.tzinfo is None:
        raise Problem.validation(
            "body", "messages", at, "timestamp", msg="Add the UTC offset, for example 2026-11-23T16:00:00Z."
        )
    try:
        return given.astimezone(UTC)
    except OverflowError as error:
        raise Problem.validation("body", "messages", at, "timestamp", msg="This time is out of range.") from error
