"""Receipts of logged calls: filled from what usage has stored, under the id of the log entry: a call has one."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from llmring_receipts.formats import canonical
from llmring_receipts.formats.canonical import InvalidValue
from llmring_receipts.key_management.keyring import Keyring, NoSigningKey
from llmring_receipts.receipts.issue import issue
from llmring_receipts.receipts.models import CallReceiptDraft, ReceiptCost, ReceiptDraft, ReceiptRecord, ReceiptTokens
from llmring_receipts.receipts.store import Outcome, ReceiptStore
from llmring_server.contracts import LoggedUsage
from llmring_server.database.pool import Connection

log = logging.getLogger(__name__)

THREAD_THRESHOLD = 100


class UsageReceiptIssuer:
    """The contract `UsageReceipts`: a receipt for every logged call that has a cost, in the transaction of its row."""

    def __init__(self, keyring: Keyring, store: ReceiptStore) -> None:
        self._keyring = keyring
        self._store = store
        self._can_sign = True

    async def issue(self, connection: Connection, entries: Sequence[LoggedUsage]) -> Sequence[bytes | None]:
        """Store the receipts of entries in the caller's transaction, and return each; None for one that has none.

        While there is no key to sign with, none has: a call is logged all the same, and its receipt can be asked for.
        """
        try:
            key_id, key = await self._keyring.signing_key(connection)
        except NoSigningKey as error:
            self._warn_once(error)
            return [None] * len(entries)
        self._can_sign = True
        signed = await _sign_all(entries, key_id, key)
        made = [one for one in signed if one is not None]
        outcomes = dict(zip(made, await self._store.put_within(connection, made), strict=True)) if made else {}
        return [one.content if one and outcomes[one] is not Outcome.CONFLICT else None for one in signed]

    async def find(self, connection: Connection, entries: Sequence[tuple[str, str]]) -> Sequence[bytes | None]:
        """Return the stored receipts of entries, by project and log id."""
        found = await self._store.find(connection, entries)
        return [found.get(entry) for entry in entries]

    def _warn_once(self, error: NoSigningKey) -> None:
        """Say once that calls are logged without receipts."""
        if self._can_sign:
            log.warning("calls are logged without receipts: %s", error)
        self._can_sign = False


def build_draft(entry: LoggedUsage, asked: CallReceiptDraft) -> ReceiptDraft:
    """Return the draft that a logged call makes.

    Raises:
        InvalidValue: the call has no cost, or figures that no receipt can hold.
    """
    if entry.cost is None:
        raise _invalid(
            f"the call has no cost ({entry.cost_status}), which a receipt states; log its cost or reprice it"
        )
    try:
        canonical.format_amount(entry.cost)
    except ValueError as error:
        raise _invalid(f"the call's cost of {entry.cost} cannot be signed: {error}") from error
    tokens = ReceiptTokens(entry.input_tokens, entry.output_tokens, entry.cached_input_tokens)
    if max(msgspec.structs.astuple(tokens)) > canonical.MAX_INTEGER:
        raise _invalid("the call has more tokens than 2^53−1, which JSON does not hold exactly")
    return ReceiptDraft(
        id=asked.id or entry.log_id,
        timestamp=entry.occurred_at,
        registry_version=entry.registry_version,
        model=f"{entry.provider}:{entry.model}",
        alias=entry.alias,
        profile=entry.profile,
        lock_digest=asked.lock_digest,
        provider=entry.provider,
        tokens=tokens,
        cost=ReceiptCost(entry.cost, "USD", entry.cost_source),
        usage_log_id=entry.log_id,
        ext=asked.ext,
    )


def matches_draft(receipt: dict[str, Any], asked: CallReceiptDraft) -> bool:
    """Whether a stored receipt is that of the call, with what is to be added."""
    wanted = msgspec.structs.asdict(asked)
    return all(receipt.get(name) == value for name, value in wanted.items() if value is not None)


async def _sign_all(entries: Sequence[LoggedUsage], key_id: str, key: Ed25519PrivateKey) -> list[ReceiptRecord | None]:
    """Sign receipts, many of them in a thread: others are served on."""

    def sign_all() -> list[ReceiptRecord | None]:
        return [_sign_entry(entry, key_id, key) for entry in entries]

    return sign_all() if len(entries) <= THREAD_THRESHOLD else await asyncio.to_thread(sign_all)


def _sign_entry(entry: LoggedUsage, key_id: str, key: Ed25519PrivateKey) -> ReceiptRecord | None:
    """Return the receipt of a call, or None when it can have none."""
    try:
        return issue(build_draft(entry, CallReceiptDraft(usage_log_id=entry.log_id)), entry.project_id, key_id, key)
    except InvalidValue:
        return None


def _invalid(reason: str) -> InvalidValue:
    return InvalidValue(reason, ("usage_log_id",))
