"""Conversations over HTTP: create, list, get, change, delete, their messages, and whole calls logged at once."""

from urllib.parse import urlencode
from uuid import UUID

import falcon.asgi
import uuid_utils.compat as uuids

from llmring_conversations.calls import LoggedCall, LoggedConversation, with_tokens
from llmring_conversations.content import Content
from llmring_conversations.log import ConversationLog
from llmring_conversations.models import (
    Change,
    Conversation,
    Deleted,
    History,
    HistoryQuery,
    ListQuery,
    Message,
    MessagesQuery,
    NewConversation,
    NewMessage,
    NewMessages,
)
from llmring_conversations.store import ConversationStore
from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation


class Conversations:
    """The list of a project's conversations, and each of them by its id."""

    def __init__(self, store: ConversationStore, content: Content) -> None:
        self._store = store
        self._content = content

    @operation(query=ListQuery, answer=list[Conversation])
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: ListQuery
    ) -> list[Conversation]:
        """List conversations, newest first; `Link: …; rel="next"` leads to the next page, each conversation once."""
        offset = 0 if query.cursor else query.offset
        found = await self._store.listing(req.context.project_id, query.limit + 1, query.cursor, offset)
        page = found[: query.limit]
        if len(found) > query.limit:
            _link_next(req, resp, str(page[-1].id))
        return page

    @operation(body=NewConversation, answer=Conversation, scope="ingest")
    async def on_post(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: NewConversation
    ) -> Conversation:
        """Create an empty conversation."""
        return await self._store.create(req.context.project_id, uuids.uuid7(), self._content.columns(body))

    @operation(query=HistoryQuery, answer=History, errors=(404,))
    async def on_get_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, conversation: str, query: HistoryQuery
    ) -> History:
        """Get one conversation with its latest messages, oldest of them first."""
        project, found = req.context.project_id, await _existing(self._store, req, conversation)
        messages = await self._store.latest(project, found.id, query.message_limit) if query.message_limit else []
        return History(**{name: getattr(found, name) for name in found.__struct_fields__}, messages=messages)

    @operation(body=Change, answer=Conversation, errors=(404,))
    async def on_patch_one(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, conversation: str, body: Change
    ) -> Conversation:
        """Change one conversation: absent members stay, null clears."""
        values = self._content.columns(body)
        if not values:
            return await _existing(self._store, req, conversation)
        found = await self._store.change(req.context.project_id, _id(conversation), values)
        if found is None:
            raise _unknown(conversation)
        return found

    @operation(answer=Deleted, errors=(404,))
    async def on_delete_one(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, conversation: str) -> Deleted:
        """Delete one conversation with its messages; what its calls cost stays in the usage."""
        return Deleted(await self._store.delete(req.context.project_id, _id(conversation)))


class Messages:
    """The messages of a conversation, in the order in which they were added."""

    def __init__(self, store: ConversationStore, content: Content) -> None:
        self._store = store
        self._content = content

    @operation(query=MessagesQuery, answer=list[Message], errors=(404,))
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, conversation: str, query: MessagesQuery
    ) -> list[Message]:
        """List messages, oldest first; `Link: …; rel="next"` leads to the next page."""
        found = await _existing(self._store, req, conversation)
        after, offset = (-1, query.offset) if query.cursor is None else (query.cursor, 0)
        messages = await self._store.messages(req.context.project_id, found.id, query.limit + 1, after, offset)
        page = messages[: query.limit]
        if len(messages) > query.limit:
            _link_next(req, resp, str(page[-1].position))
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
            await _existing(self._store, req, conversation)
            return []
        rows = self._content.rows(project, body.messages, body.logging_level)
        added = await self._store.add(project, _id(conversation), rows)
        if not added:
            raise _unknown(conversation)
        return added


class CallLog:
    """`/log`: what clients send after a call whose text they log too."""

    def __init__(self, log: ConversationLog) -> None:
        self._log = log

    @operation(body=LoggedCall, answer=LoggedConversation, scope="ingest")
    async def on_post(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: LoggedCall
    ) -> LoggedConversation:
        """Log a call with its text: a conversation, its messages and its usage entry, all or nothing."""
        return await self._log.record(req.context.project_id, with_tokens(body))


async def _existing(store: ConversationStore, req: falcon.asgi.Request, conversation: str) -> Conversation:
    found = await store.get(req.context.project_id, _id(conversation))
    if found is None:
        raise _unknown(conversation)
    return found


def _id(text: str) -> UUID:
    """Return the id in a path; what is none cannot be known."""
    try:
        return UUID(text)
    except ValueError as error:
        raise _unknown(text) from error


def _unknown(conversation: str) -> Problem:
    return Problem(404, f"there is no conversation {conversation!r} in this project")


def _link_next(req: falcon.asgi.Request, resp: falcon.asgi.Response, cursor: str) -> None:
    kept = {name: value for name, value in req.params.items() if name not in ("cursor", "offset")}
    resp.set_header("Link", f'<{req.path}?{urlencode({**kept, "cursor": cursor})}>; rel="next"')
