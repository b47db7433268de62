"""Claims: calls billed with their conversation, each of which is recognized once when the client logs it too."""

from collections.abc import Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, LiteralString
from uuid import UUID

import msgspec

from llmring_server.contracts import Bill, Call
from llmring_server.database import Database
from llmring_server.database.connections import Connection
from llmring_server.http import codec

TIMEOUT_SECONDS = 0.9
ID_LENGTH = 36
VERSION = 7

ADD: LiteralString = """
    INSERT INTO conversation_claims (
        project_id, conversation_id, provider, model, input_tokens, output_tokens, cached_input_tokens,
        log_id, cost, cost_source, cost_status, billed_at, price_notes, created_at
    ) VALUES (
        %(project)s, %(conversation)s, %(provider)s, %(model)s, %(input_tokens)s, %(output_tokens)s,
        %(cached_input_tokens)s, %(log_id)s, %(cost)s, %(cost_source)s, %(cost_status)s, %(timestamp)s,
        %(notes)s::json, %(now)s
    )
"""
# Of several calls that match a claim, the UPDATE takes one; calls with the same idempotency key are repeats of it.
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
        RETURNING given.*, claim.log_id, claim.cost, claim.cost_source, claim.cost_status, claim.billed_at,
            claim.price_notes
    )
    SELECT given.at, taken.log_id::text, taken.cost, taken.cost_source, taken.cost_status, taken.billed_at,
        taken.price_notes
    FROM taken JOIN given USING (conversation, provider, model, input_tokens, output_tokens, cached_input_tokens)
    WHERE given.at = taken.at OR given.key = nullif(taken.key, '')
"""


class BillingClaims:
    """Implements the contract `PriorBilling` on the table `conversation_claims`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, connection: Connection, project: str, conversation: UUID, call: Call, bill: Bill) -> None:
        """Record in the caller's transaction that the call of a conversation is billed."""
        now = datetime.now(UTC)
        notes = codec.encode(bill.price_notes).decode() if bill.price_notes else None
        values = {**_call_values(conversation, call), **msgspec.structs.asdict(bill), "notes": notes}
        await connection.execute(ADD, {"project": project, **values, "now": now})

    async def take(self, project: str, calls: Sequence[tuple[Call, str | None]]) -> list[Bill | None]:
        """Return the bill of each call, or None for a call that is new; each bill is returned once.

        Of two concurrent requests, the second waits for the row of the claim, and then finds it taken.
        """
        bills: list[Bill | None] = [None] * len(calls)
        given = [
            {**_call_values(conversation, call), "at": at, "key": key or ""}
            for at, (call, key) in enumerate(calls)
            if (conversation := parse_conversation_id(call.id_at_origin)) is not None
        ]
        if given:
            given.sort(key=itemgetter("conversation"))  # the same order everywhere prevents deadlocks
            params = {"project": project, "calls": codec.encode(given).decode()}
            async with self._database.connection(TIMEOUT_SECONDS) as connection:
                for at, *bill, notes in await (await connection.execute(TAKE, params)).fetchall():
                    bills[at] = Bill(*bill, *([] if notes is None else [tuple(msgspec.json.decode(notes))]))
        return bills


def parse_conversation_id(text: str | None) -> UUID | None:
    """Return the conversation id in a text, or None if it is not a UUIDv7, as all of ours are."""
    if text is None or len(text) != ID_LENGTH:
        return None
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if found.version == VERSION else None


def _call_values(conversation: UUID, call: Call) -> dict[str, Any]:
    return {
        "conversation": conversation,
        "provider": call.provider,
        "model": call.model,
        "input_tokens": call.input_tokens,
        "output_tokens": call.output_tokens,
        "cached_input_tokens": call.cached_input_tokens,
    }
