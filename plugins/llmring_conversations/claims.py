"""Claims: calls that were billed with their conversation, each to be recognised once when the client logs it too."""

from collections.abc import Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, LiteralString
from uuid import UUID

import msgspec

from llmring_server.contracts import Bill, Call
from llmring_server.database import Database
from llmring_server.database.pool import Connection
from llmring_server.http import codec

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
# Of several calls that fit a claim, the UPDATE takes one; those under the same key are that one again.
TAKE: LiteralString = """
    WITH given AS MATERIALIZED (
        SELECT * FROM json_to_recordset(%(calls)s::json) AS given(
            at bigint, key text, conversation uuid, provider text, model text,
            input_tokens bigint, output_tokens bigint, cached_input_tokens bigint
        )
    ), taken AS (
        UPDATE conversation_claims AS claim SET taken_by = given.key
        FROM given
        WHERE claim.project_id = %(project)s AND claim.conversation_id = given.conversation
            AND claim.provider = given.provider AND claim.model = given.model
            AND claim.input_tokens = given.input_tokens AND claim.output_tokens = given.output_tokens
            AND claim.cached_input_tokens = given.cached_input_tokens
            AND (claim.taken_by IS NULL OR claim.taken_by = nullif(given.key, ''))
        RETURNING given.*, claim.log_id, claim.cost, claim.cost_source, claim.cost_status, claim.billed_at
    )
    SELECT given.at, taken.log_id::text, taken.cost, taken.cost_source, taken.cost_status, taken.billed_at
    FROM taken JOIN given USING (conversation, provider, model, input_tokens, output_tokens, cached_input_tokens)
    WHERE given.at = taken.at OR given.key = nullif(taken.key, '')
"""


class Claims:
    """The contract `PriorBilling`, on the table `conversation_claims`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, connection: Connection, project: str, conversation: UUID, call: Call, bill: Bill) -> None:
        """Note in the caller's transaction that a conversation's call is billed."""
        now = datetime.now(UTC)
        await connection.execute(
            OPEN, {"project": project, **_figures(conversation, call), **msgspec.structs.asdict(bill), "now": now}
        )

    async def take(self, project: str, calls: Sequence[tuple[Call, str | None]]) -> list[Bill | None]:
        """Return the bill of each call that is logged now, once; None for one that is news.

        The claim's row decides between two that ask at once: the second finds it taken.
        """
        bills: list[Bill | None] = [None] * len(calls)
        given = [
            {**_figures(conversation, call), "at": at, "key": key or ""}
            for at, (call, key) in enumerate(calls)
            if (conversation := conversation_id(call.id_at_origin)) is not None
        ]
        if given:
            given.sort(key=itemgetter("conversation"))  # in one order, lest two wait for each other
            params = {"project": project, "calls": codec.encode(given).decode()}
            async with self._database.connection(SECONDS) as connection:
                for at, *bill in await (await connection.execute(TAKE, params)).fetchall():
                    bills[at] = Bill(*bill)
        return bills


def conversation_id(text: str | None) -> UUID | None:
    """Return the id that a text is, when it has the form of those we make: a UUIDv7."""
    if text is None or len(text) != ID_LENGTH:
        return None
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if found.version == VERSION else None


def _figures(conversation: UUID, call: Call) -> dict[str, Any]:
    return {
        "conversation": conversation,
        "provider": call.provider,
        "model": call.model,
        "input_tokens": call.input_tokens,
        "output_tokens": call.output_tokens,
        "cached_input_tokens": call.cached_input_tokens,
    }
