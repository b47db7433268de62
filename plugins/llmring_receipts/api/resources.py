"""Receipts over HTTP: issue, store, list, get and verify receipts, and get the public keys."""

import asyncio

import falcon
import falcon.asgi
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from llmring_receipts.api import request_parsing
from llmring_receipts.formats import canonical, jwks, keys, signing
from llmring_receipts.formats.canonical import InvalidValue
from llmring_receipts.key_management.keyring import Keyring, NoSigningKey
from llmring_receipts.receipts import models
from llmring_receipts.receipts.corrections import STATUS, ReceiptCorrections
from llmring_receipts.receipts.issue import Receipt, SignedBasis, issue
from llmring_receipts.receipts.models import (
    CallReceiptDraft,
    Issuer,
    ReceiptDraft,
    ReceiptEnvelope,
    ReceiptIssueQuery,
    ReceiptKeyQuery,
    ReceiptRecord,
    ReceiptsQuery,
    ReceiptStatus,
    ReceiptVerdict,
)
from llmring_receipts.receipts.store import ReceiptStore, StoreOutcome
from llmring_receipts.receipts.usage_receipts import build_basis, build_draft, matches_draft
from llmring_receipts.receipts.writer import ReceiptWriter
from llmring_server.contracts import UsageEntries
from llmring_server.http import codec
from llmring_server.http.errors import FieldError, Problem, Unavailable
from llmring_server.http.operations import operation

PEM_TYPE = "application/x-pem-file"
# The size of `{"receipt":…}` around a receipt: every issued receipt can be posted back.
ENVELOPE_BYTES = len('{"receipt":}')


class IssueResource:
    """`/issue`: sign a receipt from a payload, or of a logged call."""

    def __init__(
        self, keyring: Keyring, store: ReceiptStore, writer: ReceiptWriter, calls: UsageEntries | None,
        corrections: ReceiptCorrections,
    ) -> None:  # fmt: skip
        self._keyring = keyring
        self._store = store
        self._writer = writer
        self._calls = calls
        self._corrections = corrections

    @operation(
        body=(ReceiptDraft, CallReceiptDraft), query=ReceiptIssueQuery, raw=True, checked=False, answer=Receipt,
        errors=(404, 409), scope="ingest",
    )  # fmt: skip
    async def on_post(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes, query: ReceiptIssueQuery
    ) -> None:
        """Sign a receipt; with `?store=true`, also store it. The receipt of a logged call is always stored."""
        project, arrived = req.context.project_id, asyncio.get_running_loop().time()
        try:
            signing_key = await self._keyring.signing_key()
        except NoSigningKey as error:
            raise Unavailable(str(error)) from error
        draft = request_parsing.parse_draft(body)
        if not isinstance(draft, CallReceiptDraft):
            resp.data = await self._issue(project, draft, None, signing_key, arrived, store=query.store)
            return
        existing = await self._find_existing(project, draft)
        resp.data = existing or await self._issue(
            project, *await self._build_draft(project, draft), signing_key, arrived, store=True
        )

    async def _issue(
        self, project: str, draft: ReceiptDraft, basis: SignedBasis | None,
        signing_key: tuple[str, Ed25519PrivateKey], arrived: float, *, store: bool,
    ) -> bytes:  # fmt: skip
        """Return the signed receipt of a draft, stored first if `store`."""
        try:
            issued = issue(draft, project, *signing_key, basis)
        except InvalidValue as error:
            raise request_parsing.to_problem(422, error) from error
        if len(issued.content) + ENVELOPE_BYTES > canonical.MAX_BYTES:
            raise codec.too_large(canonical.MAX_BYTES)
        if store:
            await _store_receipt(self._writer, issued, arrived)
        return issued.content

    async def _find_existing(self, project: str, draft: CallReceiptDraft) -> bytes | None:
        """Return the existing receipt of a call, even if it was repriced since, unless the draft names another id."""
        if draft.id is not None or not models.is_receipt_id(draft.usage_log_id):
            return None
        found = await self._store.get(project, draft.usage_log_id)
        if found is not None and not matches_draft(canonical.parse(found.content), draft):
            raise Problem(409, f"Another receipt is stored as {draft.usage_log_id!r}; set an id for this one.")
        return found.content if found else None

    async def _build_draft(self, project: str, draft: CallReceiptDraft) -> tuple[ReceiptDraft, SignedBasis]:
        if self._calls is None:
            raise Problem.validation(
                "body", "usage_log_id", msg="Calls are not logged here; send the fields of the receipt."
            )
        entry = await self._calls.find(project, draft.usage_log_id)
        if entry is None:
            raise Problem(404, f"This project has no logged call {draft.usage_log_id!r}.")
        if await self._corrections.find(project, draft.usage_log_id):
            raise Problem(409, f"The call {draft.usage_log_id!r} was taken back, and gets no receipt.")
        try:
            return build_draft(entry, draft), build_basis(entry)
        except InvalidValue as error:
            raise request_parsing.to_problem(422, error) from error


class ReceiptsResource:
    """A project's receipts: store one, list them, get one."""

    def __init__(self, keyring: Keyring, store: ReceiptStore, writer: ReceiptWriter) -> None:
        self._keyring = keyring
        self._store = store
        self._writer = writer

    @operation(body=ReceiptEnvelope, raw=True, checked=False, answer=ReceiptStatus, errors=(409,), scope="ingest")
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes) -> ReceiptStatus:
        """Store a signed receipt; storing the same one again is not an error."""
        arrived = asyncio.get_running_loop().time()
        receipt = request_parsing.parse_receipt(body)
        record = request_parsing.to_record(req.context.project_id, receipt, canonical.canonicalize(receipt))
        key = await self._keyring.find(record.key_id)
        if key is None:
            raise Problem.validation("body", "receipt", "key_id", msg="The key is unknown here.")
        fault = signing.find_fault(receipt, key)
        if fault:
            raise Problem(400, fault, faults=[FieldError(("body", "receipt", "signature"), fault)])
        outcome = await _store_receipt(self._writer, record, arrived)
        return ReceiptStatus(record.receipt_id, outcome.value)

    @operation(query=ReceiptsQuery, answer=list[Receipt])
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: ReceiptsQuery
    ) -> list[msgspec.Raw]:
        """List receipts, newest first, each as it was signed; `Link` has the next page."""
        return [msgspec.Raw(row.content) for row in await request_parsing.read_page(self._store, req, resp, query)]

    @operation(answer=Receipt, errors=(404,))
    async def on_get_one(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, receipt_id: str) -> None:
        """Get one receipt, byte for byte as it was signed."""
        known = models.is_receipt_id(receipt_id)
        row = await self._store.get(req.context.project_id, receipt_id) if known else None
        if row is None:
            raise Problem(404, f"This project has no receipt {receipt_id!r}.")
        resp.data = row.content


class VerificationResource:
    """`/verify`: verify any receipt with the keys known to this deployment."""

    def __init__(self, keyring: Keyring, corrections: ReceiptCorrections) -> None:
        self._keyring = keyring
        self._corrections = corrections

    @operation(body=ReceiptEnvelope, raw=True, checked=False, answer=ReceiptVerdict)
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes) -> ReceiptVerdict:
        """Verify a receipt's signature, and return the reason if it is not valid, or if its call was taken back."""
        receipt = request_parsing.parse_receipt(body)
        key = await self._keyring.find(receipt.get("key_id"))
        fault = signing.verify(receipt, key)[-1].fault
        issuer: Issuer | None = None if key is None else "self" if self._keyring.is_own(key) else "trusted"
        verdict = ReceiptVerdict(fault is None, fault, signing.key_id_of(receipt), issuer)
        correction = await self._corrections.of_signed(receipt) if verdict.valid else None
        if correction is None:
            return verdict
        call = STATUS[correction.kind]
        return msgspec.structs.replace(verdict, call=call, superseded_by=correction.replaced_by or msgspec.UNSET)


class PublicKeysResource:
    """`/receipts/public-key…`: the public keys that verify receipts without this server."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    @operation(query=ReceiptKeyQuery, media=PEM_TYPE, errors=(404,))
    async def on_get_pem(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: ReceiptKeyQuery) -> None:
        """Get the current public key as SPKI PEM, or another one by `?kid=`."""
        key = await (self._keyring.find(query.kid) if query.kid else self._keyring.current_key())
        if key is None or key.status == "compromised":
            raise Problem(404, f"No key {query.kid!r} is published here." if query.kid else "No receipt key is active.")
        resp.content_type = PEM_TYPE
        resp.text = keys.public_pem(key.public_key)

    @operation(answer=jwks.ReceiptKeySet)
    async def on_get_set(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> jwks.ReceiptKeySet:
        """Get every public key as a JWK set, including retired keys; compromised keys are listed separately."""
        current = await self._keyring.current_key()
        return jwks.build(await self._keyring.all_keys(), current.key_id if current else None)


async def _store_receipt(writer: ReceiptWriter, receipt: ReceiptRecord, arrived: float) -> StoreOutcome:
    """Store a verified receipt, or raise the 409 for an id of another receipt."""
    outcome = await writer.put(receipt, arrived)
    if outcome is StoreOutcome.CONFLICT:
        raise Problem(409, f"Another receipt is stored as {receipt.receipt_id!r}; the digest of this one was recorded.")
    return outcome
