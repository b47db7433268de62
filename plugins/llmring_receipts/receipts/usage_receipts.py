"""Receipts of logged calls: one per call, filled from its log entry and stored with the entry's id."""

import asyncio
import logging
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from llmring_receipts.formats import canonical
from llmring_receipts.formats.canonical import InvalidValue
from llmring_receipts.formats.cost_basis import nest_units
from llmring_receipts.key_management.keyring import Keyring, NoSigningKey
from llmring_receipts.receipts.issue import SignedBasis, SignedUnitRate, issue
from llmring_receipts.receipts.models import CallReceiptDraft, ReceiptCost, ReceiptDraft, ReceiptRecord, ReceiptTokens
from llmring_receipts.receipts.store import ReceiptStore, StoreOutcome
from llmring_server.contracts import LoggedUsage
from llmring_server.contracts.usage_lines import CostBasis
from llmring_server.database.connections import Connection

log = logging.getLogger(__name__)

THREAD_THRESHOLD = 100
TOO_MANY_TOKENS = "the call has more than 2^53−1 tokens, which JSON cannot represent exactly"


class UsageReceiptIssuer:
    """Issues a receipt for every logged call with a cost, in the transaction of its row; implements `UsageReceipts`."""

    def __init__(self, keyring: Keyring, store: ReceiptStore) -> None:
        self._keyring = keyring
        self._store = store
        self._can_sign = True

    async def issue(self, connection: Connection, entries: Sequence[LoggedUsage]) -> Sequence[bytes | None]:
        """Store the receipts of entries in the caller's transaction; return each, or None for an entry without one.

        Without a signing key there are none: calls are still logged, and their receipts can be issued later.
        """
        try:
            key_id, key = await self._keyring.signing_key(connection)
        except NoSigningKey as error:
            self._warn_once(error)
            return [None] * len(entries)
        self._can_sign = True
        signed = await _sign_all(entries, key_id, key)
        new = [one for one in signed if one is not None]
        outcomes = dict(zip(new, await self._store.put_within(connection, new), strict=True)) if new else {}
        return [one.content if one and outcomes[one] is not StoreOutcome.CONFLICT else None for one in signed]

    async def find(self, connection: Connection, entries: Sequence[tuple[str, str]]) -> Sequence[bytes | None]:
        """Return the stored receipts of entries, by project and log id."""
        found = await self._store.find(connection, entries)
        return [found.get(entry) for entry in entries]

    def _warn_once(self, error: NoSigningKey) -> None:
        """Log once that calls are logged without receipts."""
        if self._can_sign:
            log.warning("calls are logged without receipts: %s", error)
        self._can_sign = False


def build_draft(entry: LoggedUsage, draft: CallReceiptDraft) -> ReceiptDraft:
    """Return the draft of a logged call.

    Raises:
        InvalidValue: the call has no cost, or numbers that cannot be signed.
    """
    if entry.cost is None:
        raise _invalid(f"the call has no cost ({entry.cost_status}), which a receipt needs; log its cost or reprice it")
    _format_amount(entry.cost)
    tokens = ReceiptTokens(entry.input_tokens, entry.output_tokens, entry.cached_input_tokens)
    if max(msgspec.structs.astuple(tokens)) > canonical.MAX_INTEGER:
        raise _invalid(TOO_MANY_TOKENS)
    return ReceiptDraft(
        id=draft.id or entry.log_id,
        timestamp=entry.occurred_at,
        registry_version=entry.registry_version,
        model=f"{entry.provider}:{entry.model}",
        alias=entry.alias,
        profile=entry.profile,
        lock_digest=draft.lock_digest,
        provider=entry.provider,
        tokens=tokens,
        cost=ReceiptCost(entry.cost, "USD", entry.cost_source),
        usage_log_id=entry.log_id,
        ext=draft.ext,
    )


def build_basis(entry: LoggedUsage) -> SignedBasis:
    """Return what a logged call's cost was computed from, in canonical order.

    Raises:
        InvalidValue: a count or a rate cannot be signed.
    """
    basis = entry.basis
    if max([*basis.billed.values(), *basis.units.values()], default=0) > canonical.MAX_INTEGER:
        raise _invalid(TOO_MANY_TOKENS)
    return SignedBasis(
        billed=nest_units(basis.billed, basis.units),
        cost_status=entry.cost_status,
        discount=_format_optional(basis.discount),
        list_cost=_format_optional(basis.list_cost),
        matched=basis.matched or msgspec.UNSET,
        price_notes=basis.price_notes or msgspec.UNSET,
        price_source=basis.price_source or msgspec.UNSET,
        price_version=basis.price_version or msgspec.UNSET,
        priced_as=entry.priced_as if entry.priced_as and basis.price_source else msgspec.UNSET,
        rates=_format_rates(basis),
    )


def matches_draft(receipt: dict[str, Any], draft: CallReceiptDraft) -> bool:
    """Return whether a stored receipt has all the values of a draft."""
    fields = msgspec.structs.asdict(draft)
    return all(receipt.get(name) == value for name, value in fields.items() if value is not None)


async def _sign_all(entries: Sequence[LoggedUsage], key_id: str, key: Ed25519PrivateKey) -> list[ReceiptRecord | None]:
    """Sign receipts; many are signed in a thread, so that the event loop is not blocked."""

    def sign_all() -> list[ReceiptRecord | None]:
        return [_sign_entry(entry, key_id, key) for entry in entries]

    return sign_all() if len(entries) <= THREAD_THRESHOLD else await asyncio.to_thread(sign_all)


def _sign_entry(entry: LoggedUsage, key_id: str, key: Ed25519PrivateKey) -> ReceiptRecord | None:
    """Return the receipt of a call, or None if it cannot have one."""
    try:
        draft = build_draft(entry, CallReceiptDraft(usage_log_id=entry.log_id))
        return issue(draft, entry.project_id, key_id, key, build_basis(entry))
    except InvalidValue:
        return None


def _format_rates(basis: CostBasis) -> dict[str, Any] | msgspec.UnsetType:
    if basis.rates is None:
        return msgspec.UNSET
    rates = {kind: _format_amount(rate) for kind, rate in basis.rates.items()}
    units = {unit: SignedUnitRate(rate.per, _format_amount(rate.usd)) for unit, rate in basis.unit_rates.items()}
    return nest_units(rates, units)


def _format_optional(amount: Decimal | None) -> str | msgspec.UnsetType:
    return msgspec.UNSET if amount is None else _format_amount(amount)


def _format_amount(amount: Decimal) -> str:
    try:
        return canonical.format_amount(amount)
    except ValueError as error:
        raise _invalid(f"the call's cost or price of {amount} USD cannot be signed: {error}") from error


def _invalid(reason: str) -> InvalidValue:
    return InvalidValue(reason, ("usage_log_id",))
