"""Conversations over HTTP: create, list, get, update, delete, their messages, and transcripts of whole calls."""

from urllib.parse import urlencode
from uuid import UUID

import falcon.asgi
import msgspec
import uuid_utils.compat as uuids

from llmring_conversations.content import ContentPolicy
from llmring_conversations.models import (
    Conversation,
    ConversationDeletion,
    ConversationHistory,
    ConversationListQuery,
    ConversationQuery,
    ConversationUpdate,
    Message,
    MessageListQuery,
    NewConversation,
    NewMessage,
    NewMessages,
)
from llmring_conversations.recorder import ConversationRecorder
from llmring_conversations.store import ConversationStore
from llmring_conversations.transcripts import CallTranscript, RecordedConversation
from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation
from llmring_server.runtime.duplicate_names import duplicate_name_problem, find_duplicate_name

_transcript = msgspec.json.Decoder(CallTranscript)


class ConversationResource:
    """The list of a project's conversations, and one conversation by its id."""

    def __init__(self, store: ConversationStore, policy: ContentPolicy) -> None:
        self._store = store
        self._policy = policy

    @operation(query=ConversationListQuery, answer=list[Conversation])
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: ConversationListQuery
    ) -> list[Conversation]:
        """List conversations, newest first; `Link: …; rel="next"` leads to the next page, without repeats."""
        offset = 0 if query.cursor else query.offset
        page, more = await self._store.list_conversations(req.context.project_id, query.limit, query.cursor, offset)
        if more:
            _set_next_link(req, resp, str(page[-1].id))
        return page

    @operation(body=NewConversation, answer=Conversation, scope="ingest")
    async def on_post(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: NewConversation
    ) -> Conversation:
        """Create an empty conversation."""
        return await self._store.create(req.context.project_id, uuids.uuid7(), self._policy.to_columns(body))

    @operation(query=ConversationQuery, answer=ConversationHistory, errors=(404,))
    async def on_get_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, conversation: str, query: ConversationQuery
    ) -> ConversationHistory:
        """Get one conversation with its latest messages, in order: at most `message_limit` and about 1 MiB."""
        project, found = req.context.project_id, await _get_conversation(self._store, req, conversation)
        messages = (
            await self._store.latest_messages(project, found.id, query.message_limit) if query.message_limit else []
        )
        return ConversationHistory(
            **{name: getattr(found, name) for name in found.__struct_fields__}, messages=messages
        )

    @operation(body=ConversationUpdate, answer=Conversation, errors=(404,))
    async def on_patch_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, conversation: str, body: ConversationUpdate
    ) -> Conversation:
        """Update one conversation: absent fields are not changed, null clears a field."""
        values = self._policy.to_columns(body)
        if not values:
            return await _get_conversation(self._store, req, conversation)
        found = await self._store.update(req.context.project_id, _parse_id(conversation), values)
        if found is None:
            raise _unknown_conversation(conversation)
        return found

    @operation(answer=ConversationDeletion, errors=(404,))
    async def on_delete_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, conversation: str
    ) -> ConversationDeletion:
        """Delete one conversation with its messages; the costs of its calls remain in the usage."""
        return ConversationDeletion(await self._store.delete(req.context.project_id, _parse_id(conversation)))


class MessageResource:
    """The messages of a conversation, in the order in which they were added."""

    def __init__(self, store: ConversationStore, policy: ContentPolicy) -> None:
        self._store = store
        self._policy = policy

    @operation(query=MessageListQuery, answer=list[Message], errors=(404,))
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, conversation: str, query: MessageListQuery
    ) -> list[Message]:
        """List messages, oldest first; `Link: …; rel="next"` leads to the next page."""
        found = await _get_conversation(self._store, req, conversation)
        after, offset = (-1, query.offset) if query.cursor is None else (query.cursor, 0)
        page, more = await self._store.list_messages(req.context.project_id, found.id, query.limit, after, offset)
        if more:
            _set_next_link(req, resp, str(page[-1].position))
        return page

    @operation(body=NewMessage, answer=Message, errors=(404,), scope="ingest")
    async def on_post(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, conversation: str, body: NewMessage
    ) -> Message:
        """Add one message."""
        return (await self._add(req, conversation, NewMessages(messages=[body])))[0]

    @operation(body=NewMessages, answer=list[Message], errors=(404,), scope="ingest")
    async def on_post_batch(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, conversation: str, body: NewMessages
    ) -> list[Message]:
        """Add messages, all or none, and return them in order."""
        return await self._add(req, conversation, body)

    async def _add(self, req: falcon.asgi.Request, conversation: str, body: NewMessages) -> list[Message]:
        project: str = req.context.project_id
        if body.logging_level == "none" or not body.messages:
            await _get_conversation(self._store, req, conversation)
            return []
        rows = self._policy.to_rows(project, body.messages, body.logging_level)
        added = await self._store.add_messages(project, _parse_id(conversation), rows)
        if not added:
            raise _unknown_conversation(conversation)
        return added


class TranscriptResource:
    """`/log`: the transcripts that clients send after their calls."""

    def __init__(self, recorder: ConversationRecorder) -> None:
        self._recorder = recorder

    @operation(body=CallTranscript, raw=True, answer=RecordedConversation, scope="ingest")
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes) -> RecordedConversation:
        """Log a call with its text: store a conversation, its messages and its usage entry, all or nothing."""
        transcript = await codec.run_in_thread_if_large(body, lambda: _parse_transcript(body))
        return await self._recorder.record(req.context.project_id, transcript, req.context.key_id)


def _parse_transcript(body: bytes) -> CallTranscript:
    """Return the transcript in a body; it is a usage entry too, so no object in it may have a name twice."""
    transcript = codec.decode(_transcript, body)
    name = find_duplicate_name(body)
    if name is not None:
        raise duplicate_name_problem(name, "body")
    return transcript


async def _get_conversation(store: ConversationStore, req: falcon.asgi.Request, conversation: str) -> Conversation:
    found = await store.get(req.context.project_id, _parse_id(conversation))
    if found is None:
        raise _unknown_conversation(conversation)
    return found


def _parse_id(text: str) -> UUID:
    """Return the id in a path, or raise the 404 for a text that is not an id."""
    try:
        return UUID(text)
    except ValueError as error:
        raise _unknown_conversation(text) from error


def _unknown_conversation(conversation: str) -> Problem:
    return Problem(404, f"There is no conversation {conversation!r} in this project.")


def _set_next_link(req: falcon.asgi.Request, resp: falcon.asgi.Response, cursor: str) -> None:
    params = {name: value for name, value in req.params.items() if name not in ("cursor", "offset")}
    resp.set_header("Link", f'<{req.path}?{urlencode({**params, "cursor": cursor})}>; rel="next"')
