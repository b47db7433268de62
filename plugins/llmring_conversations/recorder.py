"""Record a conversation with its claim and its usage entry in one transaction."""

from uuid import UUID

import msgspec
import uuid_utils.compat as uuids

from llmring_conversations.claims import BillingClaims
from llmring_conversations.content import ContentPolicy
from llmring_conversations.store import ConversationStore
from llmring_conversations.transcripts import (
    CallTranscript,
    RecordedConversation,
    build_call,
    build_conversation,
    build_messages,
    count_reply,
    fill_token_counts,
)
from llmring_server.contracts import Bill, Billing
from llmring_server.database import Database
from llmring_server.database.connections import Connection
from llmring_server.http import codec


class ConversationRecorder:
    """Stores the transcripts of calls, and bills the calls if the usage feature is enabled."""

    def __init__(
        self,
        database: Database,
        store: ConversationStore,
        claims: BillingClaims,
        policy: ContentPolicy,
        billing: Billing | None,
    ) -> None:
        self._database = database
        self._store = store
        self._claims = claims
        self._policy = policy
        self._billing = billing

    async def record(self, project: str, transcript: CallTranscript, key_id: str) -> RecordedConversation:
        """Store a conversation with its messages and its usage entry, all or nothing; `key_id` is the project key.

        Raises:
            Problem: 422 for a call that cannot be billed, or a message that is too large.
            Unavailable, psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not respond in time.
        """
        conversation: UUID = uuids.uuid7()
        if self._billing is None:
            transcript, usage = fill_token_counts(transcript), codec.NULL
        else:
            transcript, usage = count_reply(transcript, self._billing)
        call = build_call(transcript, conversation, usage, key_id)
        values = {
            **self._policy.to_columns(build_conversation(transcript)),
            "metadata": codec.encode(transcript.metadata).decode(),
        }
        self._policy.check_columns(values)
        rows = self._policy.to_rows(project, build_messages(transcript))
        if self._billing is None or call is None:
            async with self._database.transaction() as connection:
                await self._store.insert(connection, project, conversation, values, rows)
            return RecordedConversation(conversation, len(rows))

        async def insert(connection: Connection, bill: Bill) -> None:
            billed = {**values, "log_id": bill.log_id}
            await self._store.insert(connection, project, conversation, billed, rows)
            await self._claims.add(connection, project, conversation, call, bill)

        bill = await self._billing.bill(project, call, insert)
        return RecordedConversation(
            conversation, len(rows), bill.log_id, bill.cost, bill.cost_source, bill.cost_status,
            bill.price_notes or msgspec.UNSET,
        )  # fmt: skip
