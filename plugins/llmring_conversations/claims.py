"""Claims: calls that were billed with their conversation, each to be recognised once when the client logs it too."""

from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID

import msgspec

from llmring_server.contracts import Bill, Call
from llmring_server.database import Database
from llmring_server.database.pool import Connection

SECONDS = 0.9
ID_LENGTH = 36
VERSION = 7

OPEN: LiteralString = """
    INSERT INTO conversation_claims (
        project_id, conversation_id, provider, model, input_tokens, output_tokens, cached_input_tokens,
        log_id, cost, cost_source, cost_status, billed_at, created_at
    ) VALUES (
        %(project)s, %(conversation)s, %(provider)s, %(model)s, %(input_tokens)s, %(output_tokens)s,
        %(cached_input_tokens)s, %(log_id)s, %(cost)s, %(cost_source)s, %(cost_status)s, %(timestamp)s, %(now)s
    )
"""
TAKE: LiteralString = """
    UPDATE conversation_claims SET taken_by = %(key)s
    WHERE project_id = %(project)s AND conversation_id = %(conversation)s
        AND provider = %(provider)s AND model = %(model)s AND input_tokens = %(input_tokens)s
        AND output_tokens = %(output_tokens)s AND cached_input_tokens = %(cached_input_tokens)s
        AND (taken_by IS NULL OR taken_by = nullif(%(key)s, ''))
    RETURNING log_id::text, cost, cost_source, cost_status, billed_at AS timestamp
"""


class Claims:
    """The contract `BilledBefore`, on the table `conversation_claims`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, connection: Connection, project: str, conversation: UUID, call: Call, bill: Bill) -> None:
        """Note in the caller's transaction that a conversation's call is billed."""
        now = datetime.now(UTC)
        await connection.execute(
            OPEN, {**_figures(project, conversation, call), **msgspec.structs.asdict(bill), "now": now}
        )

    async def take(self, project: str, call: Call, key: str | None) -> Bill | None:
        """Return the bill of the call that is logged now, once; None when it is news.

        The claim's row decides between two that ask at once: the second finds it taken.
        """
        conversation = conversation_id(call.id_at_origin)
        if conversation is None:
            return None
        params = {**_figures(project, conversation, call), "key": key or ""}
        async with self._database.connection(SECONDS) as connection:
            cursor = await connection.execute(TAKE, params)
            found = await cursor.fetchone()
        return Bill(*found) if found else None


def conversation_id(text: str | None) -> UUID | None:
    """Return the id that a text is, when it has the form of those we make: a UUIDv7."""
    if text is None or len(text) != ID_LENGTH:
        return None
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if found.version == VERSION else None


def _figures(project: str, conversation: UUID, call: Call) -> dict[str, object]:
    return {
        "project": project,
        "conversation": conversation,
        "provider": call.provider,
        "model": call.model,
        "input_tokens": call.input_tokens,
        "output_tokens": call.output_tokens,
        "cached_input_tokens": call.cached_input_tokens,
    }
