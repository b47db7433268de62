"""Receipts of logged calls: filled from what usage has stored, under the id of the log entry: a call has one."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from llmring_receipts.formats import canonical
from llmring_receipts.formats.canonical import Refused
from llmring_receipts.key_management.keyring import Keyring, NoSigningKey
from llmring_receipts.receipts.issue import issue
from llmring_receipts.receipts.models import CallDraft, Cost, Draft, Stored, Tokens
from llmring_receipts.receipts.store import Outcome, ReceiptStore
from llmring_server.contracts import LoggedUsage
from llmring_server.database.pool import Connection

log = logging.getLogger(__name__)

MANY = 100


class CallReceipts:
    """The contract `UsageReceipts`: a receipt for every logged call that has a cost, in the transaction of its row."""

    def __init__(self, keyring: Keyring, store: ReceiptStore) -> None:
        self._keyring = keyring
        self._store = store
        self._able = True

    async def issue(self, connection: Connection, entries: Sequence[LoggedUsage]) -> Sequence[bytes | None]:
        """Store the receipts of entries in the caller's transaction, and return each; None for one that has none.

        While there is no key to sign with, none has: a call is logged all the same, and its receipt can be asked for.
        """
        try:
            key_id, key = await self._keyring.signing_key(connection)
        except NoSigningKey as error:
            self._tell(error)
            return [None] * len(entries)
        self._able = True
        signed = await _signed_aside(entries, key_id, key)
        made = [one for one in signed if one is not None]
        outcomes = dict(zip(made, await self._store.put_within(connection, made), strict=True)) if made else {}
        return [one.content if one and outcomes[one] is not Outcome.CONFLICT else None for one in signed]

    async def find(self, connection: Connection, entries: Sequence[tuple[str, str]]) -> Sequence[bytes | None]:
        """Return the stored receipts of entries, by project and log id."""
        found = await self._store.find(connection, entries)
        return [found.get(entry) for entry in entries]

    def _tell(self, error: NoSigningKey) -> None:
        """Say once that calls are logged without receipts."""
        if self._able:
            log.warning("calls are logged without receipts: %s", error)
        self._able = False


def draft_of(entry: LoggedUsage, asked: CallDraft) -> Draft:
    """Return the draft that a logged call makes.

    Raises:
        Refused: the call has no cost, or figures that no receipt can hold.
    """
    if entry.cost is None:
        raise _refused(
            f"the call has no cost ({entry.cost_status}), which a receipt states; log its cost or reprice it"
        )
    try:
        canonical.amount(entry.cost)
    except ValueError as error:
        raise _refused(f"the call's cost of {entry.cost} cannot be signed: {error}") from error
    tokens = Tokens(entry.input_tokens, entry.output_tokens, entry.cached_input_tokens)
    if max(msgspec.structs.astuple(tokens)) > canonical.MAX_INTEGER:
        raise _refused("the call has more tokens than 2^53−1, which JSON does not hold exactly")
    return Draft(
        id=asked.id or entry.log_id,
        timestamp=entry.occurred_at,
        registry_version=entry.registry_version,
        model=f"{entry.provider}:{entry.model}",
        alias=entry.alias,
        profile=entry.profile,
        lock_digest=asked.lock_digest,
        provider=entry.provider,
        tokens=tokens,
        cost=Cost(entry.cost, "USD", entry.cost_source),
        usage_log_id=entry.log_id,
        ext=asked.ext,
    )


def is_asked_for(receipt: dict[str, Any], asked: CallDraft) -> bool:
    """Whether a stored receipt is that of the call, with what is to be added."""
    wanted = msgspec.structs.asdict(asked)
    return all(receipt.get(name) == value for name, value in wanted.items() if value is not None)


async def _signed_aside(entries: Sequence[LoggedUsage], key_id: str, key: Ed25519PrivateKey) -> list[Stored | None]:
    """Sign receipts, many of them in a thread: others are served on."""

    def every() -> list[Stored | None]:
        return [_signed(entry, key_id, key) for entry in entries]

    return every() if len(entries) <= MANY else await asyncio.to_thread(every)


def _signed(entry: LoggedUsage, key_id: str, key: Ed25519PrivateKey) -> Stored | None:
    """Return the receipt of a call, or None when it can have none."""
    try:
        return issue(draft_of(entry, CallDraft(usage_log_id=entry.log_id)), entry.project_id, key_id, key)
    except Refused:
        return None


def _refused(reason: str) -> Refused:
    return Refused(reason, ("usage_log_id",))
