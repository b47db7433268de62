"""Logging a conversation: its rows, its claim and its usage entry, in one transaction."""

from uuid import UUID

import uuid_utils.compat as uuids

from llmring_conversations.calls import LoggedCall, LoggedConversation, call_of, conversation_of, messages_of
from llmring_conversations.claims import Claims
from llmring_conversations.content import Content
from llmring_conversations.store import ConversationStore
from llmring_server.contracts import Bill, Billing
from llmring_server.database import Database
from llmring_server.database.pool import Connection
from llmring_server.http import codec


class ConversationLog:
    """Stores logged conversations, billed by the usage feature where that is on."""

    def __init__(
        self, database: Database, store: ConversationStore, claims: Claims, content: Content, billing: Billing | None
    ) -> None:
        self._database = database
        self._store = store
        self._claims = claims
        self._content = content
        self._billing = billing

    async def record(self, project: str, logged: LoggedCall) -> LoggedConversation:
        """Store a conversation with its messages and what it cost, all or nothing.

        Raises:
            Problem: 422 for a call that cannot be billed as it is.
            Unavailable, psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
        """
        conversation: UUID = uuids.uuid7()
        call = call_of(logged, conversation)
        values = {
            **self._content.columns(conversation_of(logged)),
            "metadata": codec.encode(logged.metadata).decode(),
        }
        rows = self._content.rows(project, messages_of(logged))
        if self._billing is None or call is None:
            async with self._database.transaction() as connection:
                await self._store.insert(connection, project, conversation, values, rows)
            return LoggedConversation(conversation, len(rows))

        async def beside(connection: Connection, bill: Bill) -> None:
            billed = {**values, "log_id": bill.log_id}
            await self._store.insert(connection, project, conversation, billed, rows)
            await self._claims.open(connection, project, conversation, call, bill)

        bill = await self._billing.bill(project, call, beside)
        return LoggedConversation(conversation, len(rows), bill.log_id, bill.cost, bill.cost_source, bill.cost_status)
