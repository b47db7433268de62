"""Receipts over HTTP: issue, keep, list, get, verify, and the public keys to check them with."""

import falcon
import falcon.asgi
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from llmring_receipts.api import request_parsing
from llmring_receipts.formats import canonical, jwks, keys, signing
from llmring_receipts.formats.canonical import InvalidValue
from llmring_receipts.key_management.keyring import Keyring, NoSigningKey
from llmring_receipts.receipts import models
from llmring_receipts.receipts.issue import Receipt, issue
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
from llmring_receipts.receipts.store import Outcome, ReceiptStore
from llmring_receipts.receipts.usage_receipts import build_draft, matches_draft
from llmring_receipts.receipts.writer import ReceiptWriter
from llmring_server.contracts import UsageEntries
from llmring_server.http import codec
from llmring_server.http.errors import FieldError, Problem, Unavailable
from llmring_server.http.operations import operation

PEM_TYPE = "application/x-pem-file"
# What `{"receipt":…}` adds: whatever is issued can be posted back.
ENVELOPE_BYTES = len('{"receipt":}')


class Issue:
    """`/issue`: from a payload, or a logged call, to a signed receipt."""

    def __init__(
        self, keyring: Keyring, store: ReceiptStore, writer: ReceiptWriter, calls: UsageEntries | None
    ) -> None:
        self._keyring = keyring
        self._store = store
        self._writer = writer
        self._calls = calls

    @operation(
        body=(ReceiptDraft, CallReceiptDraft), query=ReceiptIssueQuery, raw=True, checked=False, answer=Receipt,
        errors=(404, 409), scope="ingest",
    )  # fmt: skip
    async def on_post(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes, query: ReceiptIssueQuery
    ) -> None:
        """Sign a receipt; with `?store=true`, keep it in the same call. That of a logged call is always kept."""
        project: str = req.context.project_id
        try:
            signing_key = await self._keyring.signing_key()
        except NoSigningKey as error:
            raise Unavailable(str(error)) from error
        draft = request_parsing.parse_draft(body)
        if not isinstance(draft, CallReceiptDraft):
            resp.data = await self._issue(project, draft, signing_key, store=query.store)
            return
        known = await self._known(project, draft)
        resp.data = known or await self._issue(
            project, await self._build_draft(project, draft), signing_key, store=True
        )

    async def _issue(
        self, project: str, draft: ReceiptDraft, signing_key: tuple[str, Ed25519PrivateKey], *, store: bool
    ) -> bytes:
        """Return the receipt that a draft asks for, kept first where that is asked for too."""
        try:
            issued = issue(draft, project, *signing_key)
        except InvalidValue as error:
            raise request_parsing.to_problem(422, error) from error
        if len(issued.content) + ENVELOPE_BYTES > canonical.MAX_BYTES:
            raise codec.too_large(canonical.MAX_BYTES)
        if store:
            await _store_receipt(self._writer, issued)
        return issued.content

    async def _known(self, project: str, asked: CallReceiptDraft) -> bytes | None:
        """Return the receipt that a call has already, however it was repriced since, unless another is asked for."""
        if asked.id is not None or not models.is_receipt_id(asked.usage_log_id):
            return None
        found = await self._store.get(project, asked.usage_log_id)
        if found is not None and not matches_draft(canonical.parse(found.content), asked):
            raise Problem(409, f"another receipt is stored under {asked.usage_log_id!r}; name an id for this one")
        return found.content if found else None

    async def _build_draft(self, project: str, asked: CallReceiptDraft) -> ReceiptDraft:
        if self._calls is None:
            raise Problem.validation(
                "body", "usage_log_id", msg="calls are not logged here; send the receipt's members"
            )
        entry = await self._calls.find(project, asked.usage_log_id)
        if entry is None:
            raise Problem(404, f"this project has no logged call {asked.usage_log_id!r}")
        try:
            return build_draft(entry, asked)
        except InvalidValue as error:
            raise request_parsing.to_problem(422, error) from error


class Receipts:
    """A project's receipts: keep one, list them, get one."""

    def __init__(self, keyring: Keyring, store: ReceiptStore, writer: ReceiptWriter) -> None:
        self._keyring = keyring
        self._store = store
        self._writer = writer

    @operation(body=ReceiptEnvelope, raw=True, checked=False, answer=ReceiptStatus, errors=(409,), scope="ingest")
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes) -> ReceiptStatus:
        """Keep a signed receipt; the same one again is no error."""
        receipt = request_parsing.parse_receipt(body)
        kept = request_parsing.to_record(req.context.project_id, receipt, canonical.canonicalize(receipt))
        key = await self._keyring.find(kept.key_id)
        if key is None:
            raise Problem.validation("body", "receipt", "key_id", msg="no key of this id is known here")
        fault = signing.find_fault(receipt, key)
        if fault:
            raise Problem(400, fault, faults=[FieldError(("body", "receipt", "signature"), fault)])
        outcome = await _store_receipt(self._writer, kept)
        return ReceiptStatus(kept.receipt_id, outcome.value)

    @operation(query=ReceiptsQuery, answer=list[Receipt])
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: ReceiptsQuery
    ) -> list[msgspec.Raw]:
        """List receipts, newest first, each as it was signed; `Link` leads to the next page."""
        try:
            after = models.parse_cursor(query.cursor) if query.cursor else None
        except ValueError as error:
            raise Problem.validation("query", "cursor", msg=str(error)) from error
        rows, cursor = await self._store.page(req.context.project_id, query.limit, after)
        if cursor is not None:
            resp.set_header(
                "Link", f'<{req.root_path}{req.path}?limit={query.limit}&cursor={cursor.text()}>; rel="next"'
            )
        return [msgspec.Raw(row.content) for row in rows]

    @operation(answer=Receipt, errors=(404,))
    async def on_get_one(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, receipt_id: str) -> None:
        """Get one receipt, byte for byte as it was signed."""
        known = models.is_receipt_id(receipt_id)
        row = await self._store.get(req.context.project_id, receipt_id) if known else None
        if row is None:
            raise Problem(404, f"this project has no receipt {receipt_id!r}")
        resp.data = row.content


class Verification:
    """`/verify`: anyone's receipt, checked against the keys of this deployment."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    @operation(body=ReceiptEnvelope, raw=True, checked=False, answer=ReceiptVerdict)
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes) -> ReceiptVerdict:
        """Say whether a receipt's signature is good, and in plain words why not."""
        receipt = request_parsing.parse_receipt(body)
        key = await self._keyring.find(receipt.get("key_id"))
        fault = signing.verify(receipt, key)[-1].fault
        issuer: Issuer | None = None if key is None else "self" if self._keyring.is_own(key) else "trusted"
        return ReceiptVerdict(fault is None, fault, signing.key_id_of(receipt), issuer)


class PublicKeys:
    """`/receipts/public-key…`: what anyone needs to check receipts without this server."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    @operation(query=ReceiptKeyQuery, media=PEM_TYPE, errors=(404,))
    async def on_get_pem(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: ReceiptKeyQuery) -> None:
        """The current public key as SPKI PEM, or another one by `?kid=`."""
        key = await (self._keyring.find(query.kid) if query.kid else self._keyring.current_key())
        if key is None or key.status == "compromised":
            raise Problem(404, f"no key {query.kid!r} is published here" if query.kid else "no receipt key is in use")
        resp.content_type = PEM_TYPE
        resp.text = keys.public_pem(key.public_key)

    @operation(answer=jwks.ReceiptKeySet)
    async def on_get_set(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> jwks.ReceiptKeySet:
        """Every public key as a JWK set, those of old receipts included; compromised ones stand apart."""
        current = await self._keyring.current_key()
        return jwks.build(await self._keyring.all_keys(), current.key_id if current else None)


async def _store_receipt(writer: ReceiptWriter, receipt: ReceiptRecord) -> Outcome:
    """Store a receipt whose signature is good, or raise the 409 for an id that is taken by another."""
    outcome = await writer.put(receipt)
    if outcome is Outcome.CONFLICT:
        raise Problem(409, f"another receipt is stored under {receipt.receipt_id!r}; the digest of this one is kept")
    return outcome
