"""Conversations and messages in PostgreSQL: every statement is restricted to a project."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from llmring_conversations.content import MessageRow
from llmring_conversations.models import Conversation, Message
from llmring_server.database import Database
from llmring_server.database.connections import Connection
from llmring_server.http import codec

ROW_BYTES = 512  # of a row without its texts

CONVERSATION: LiteralString = """
    id, project_id, title, system_prompt, model_alias, temperature, max_tokens, origin, profile, metadata, log_id,
    message_count, total_tokens, created_at, updated_at
"""
MESSAGE: LiteralString = """
    id, conversation_id, position, role, content, content_digest, content_bytes, tool_calls, tool_call_id, name,
    metadata, input_tokens, output_tokens,
    CASE WHEN num_nonnulls(input_tokens, output_tokens) > 0
        THEN coalesce(input_tokens, 0)::numeric + coalesce(output_tokens, 0) END AS token_count,
    said_at AS timestamp
"""
GIVEN: LiteralString = """
    json_to_recordset(%(messages)s::json) AS given(
        at bigint, id uuid, role text, content json, content_digest text, content_bytes bigint, tool_calls json,
        tool_call_id text, name text, metadata json, input_tokens bigint, output_tokens bigint, said_at timestamptz
    )
"""
MESSAGE_COLUMNS: LiteralString = """
    project_id, conversation_id, position, id, role, content, content_digest, content_bytes, tool_calls, tool_call_id,
    name, metadata, input_tokens, output_tokens, said_at
"""
GIVEN_VALUES: LiteralString = """
    given.id, given.role, given.content, given.content_digest, given.content_bytes, given.tool_calls,
    given.tool_call_id, given.name, given.metadata, given.input_tokens, given.output_tokens, given.said_at
"""
# One statement per table, the conversation first: the parts of one statement run in no order on a Citus cluster.
CREATE: LiteralString = (
    "INSERT INTO conversations ("
    + CONVERSATION
    + """) VALUES (
        %(id)s, %(project)s, %(title)s, %(system_prompt)s, %(model_alias)s, %(temperature)s, %(max_tokens)s, %(origin)s,
        %(profile)s, %(metadata)s::json, %(log_id)s, %(count)s, %(tokens)s, %(now)s, %(now)s
    ) RETURNING """
    + CONVERSATION
)
GROW: LiteralString = """
    UPDATE conversations
    SET message_count = message_count + %(count)s, total_tokens = total_tokens + %(tokens)s::numeric,
        updated_at = greatest(updated_at, %(now)s)
    WHERE project_id = %(project)s AND id = %(id)s
    RETURNING message_count - %(count)s AS before
"""
ADD: LiteralString = (
    "INSERT INTO conversation_messages ("
    + MESSAGE_COLUMNS
    + ") SELECT %(project)s, %(id)s::uuid, %(before)s::bigint + given.at, "
    + GIVEN_VALUES
    + " FROM "
    + GIVEN
    + " RETURNING "
    + MESSAGE
)
GET: LiteralString = "SELECT " + CONVERSATION + " FROM conversations WHERE project_id = %(project)s AND id = %(id)s"
LIST: LiteralString = (
    "SELECT "
    + CONVERSATION
    + """ FROM conversations
    WHERE project_id = %(project)s AND (%(after)s::uuid IS NULL OR id < %(after)s)
    ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s"""
)
MESSAGES: LiteralString = (
    "SELECT "
    + MESSAGE
    + """ FROM conversation_messages
    WHERE project_id = %(project)s AND conversation_id = %(id)s AND position > %(after)s
    ORDER BY position LIMIT %(limit)s OFFSET %(offset)s"""
)
LATEST: LiteralString = (
    "SELECT "
    + MESSAGE
    + """ FROM conversation_messages
    WHERE project_id = %(project)s AND conversation_id = %(id)s
    ORDER BY position DESC LIMIT %(limit)s"""
)
SETTERS: dict[str, LiteralString] = {
    "title": "title = %(title)s",
    "system_prompt": "system_prompt = %(system_prompt)s",
    "model_alias": "model_alias = %(model_alias)s",
    "temperature": "temperature = %(temperature)s",
    "max_tokens": "max_tokens = %(max_tokens)s",
    "metadata": "metadata = %(metadata)s::json",
}
DELETE: LiteralString = "DELETE FROM conversations WHERE project_id = %(project)s AND id = %(id)s"


class ConversationStore:
    """The tables `conversations` and `conversation_messages`; JSON values are passed as text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, project: str, conversation: UUID, values: Mapping[str, Any]) -> Conversation:
        """Create an empty conversation with the columns in `values`."""
        params = _creation_params(project, conversation, values, ())
        return (await self._database.rows(Conversation, CREATE, params))[0]

    async def insert(
        self,
        connection: Connection,
        project: str,
        conversation: UUID,
        values: Mapping[str, Any],
        messages: Sequence[MessageRow],
    ) -> None:
        """Create a conversation with its messages in the caller's transaction."""
        params = _creation_params(project, conversation, values, messages)
        await connection.execute(CREATE, params)
        if messages:
            await connection.execute(ADD, {**params, "before": 0})

    async def get(self, project: str, conversation: UUID) -> Conversation | None:
        """Return one conversation, or None."""
        return await self._database.one(Conversation, GET, {"project": project, "id": conversation})

    async def list_conversations(
        self, project: str, limit: int, after: UUID | None, offset: int
    ) -> tuple[list[Conversation], bool]:
        """Return conversations, newest first, and whether there are more; see `Database.page`."""
        params = {"project": project, "limit": limit + 1, "after": after, "offset": offset}
        return await self._database.page(Conversation, LIST, params, limit, size_of=_conversation_size)

    async def update(self, project: str, conversation: UUID, values: Mapping[str, Any]) -> Conversation | None:
        """Set the columns in `values` and return the conversation, or None if there is none."""
        params = {**values, "project": project, "id": conversation, "now": datetime.now(UTC)}
        setters: LiteralString = ", ".join(SETTERS[name] for name in values)
        query: LiteralString = "UPDATE conversations SET " + setters + ", updated_at = greatest(updated_at, %(now)s)"
        query += " WHERE project_id = %(project)s AND id = %(id)s RETURNING " + CONVERSATION
        return await self._database.one(Conversation, query, params)

    async def delete(self, project: str, conversation: UUID) -> bool:
        """Delete a conversation with its messages; return False if there was none."""
        return await self._database.execute(DELETE, {"project": project, "id": conversation}) > 0

    async def add_messages(self, project: str, conversation: UUID, messages: Sequence[MessageRow]) -> list[Message]:
        """Add messages, all or none, and return them in order; empty if there is no such conversation."""
        params = {"project": project, "id": conversation, "now": datetime.now(UTC), **_message_params(messages)}
        async with (
            self._database.transaction() as connection,
            connection.cursor(row_factory=class_row(Message)) as cursor,
        ):
            found = await (await connection.execute(GROW, params)).fetchone()
            if found is None:
                return []
            await cursor.execute(ADD, {**params, "before": found[0]})
            return sorted(await cursor.fetchall(), key=attrgetter("position"))

    async def list_messages(
        self, project: str, conversation: UUID, limit: int, after: int, offset: int
    ) -> tuple[list[Message], bool]:
        """Return messages after a position, in order, and whether there are more; see `Database.page`."""
        params = {"project": project, "id": conversation, "limit": limit + 1, "after": after, "offset": offset}
        return await self._database.page(Message, MESSAGES, params, limit, size_of=_message_size)

    async def latest_messages(self, project: str, conversation: UUID, limit: int) -> list[Message]:
        """Return the last messages, in order: at most `limit` and those that are within a page; see `Database.page`."""
        params = {"project": project, "id": conversation, "limit": limit}
        found, _ = await self._database.page(Message, LATEST, params, limit, size_of=_message_size)
        return found[::-1]


def _conversation_size(found: Conversation) -> int:
    return ROW_BYTES + len(found.system_prompt or "") + len(found.metadata or b"")


def _message_size(found: Message) -> int:
    return ROW_BYTES + len(found.content or b"") + len(found.tool_calls or b"") + len(found.metadata or b"")


def _creation_params(
    project: str, conversation: UUID, values: Mapping[str, Any], messages: Sequence[MessageRow]
) -> dict[str, Any]:
    own = {"project": project, "id": conversation, "now": datetime.now(UTC)}
    return {"log_id": None, **values, **own, **_message_params(messages)}


def _message_params(messages: Sequence[MessageRow]) -> dict[str, Any]:
    tokens = sum((message.input_tokens or 0) + (message.output_tokens or 0) for message in messages)
    return {"messages": codec.encode(messages).decode(), "count": len(messages), "tokens": tokens}
