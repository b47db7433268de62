"""Receipts over HTTP: issue, keep, list, get, verify, and the public keys to check them with."""

from typing import Any

import falcon
import falcon.asgi
import msgspec

from llmring_receipts import canonical, keys, models, signing
from llmring_receipts.canonical import Refused
from llmring_receipts.keyring import Keyring, NoSigningKey
from llmring_receipts.models import (
    Draft,
    Envelope,
    IssueQuery,
    Kept,
    KeyQuery,
    KeySet,
    ListQuery,
    Receipt,
    Stored,
    Verdict,
)
from llmring_receipts.store import Outcome, ReceiptStore
from llmring_server import wire
from llmring_server.errors import Fault, Problem, Unavailable
from llmring_server.operations import operation

PEM_TYPE = "application/x-pem-file"
# What `{"receipt":…}` adds: whatever is issued can be posted back.
ENVELOPE_BYTES = len('{"receipt":}')


class Issue:
    """`/issue`: from a payload to a signed receipt."""

    def __init__(self, keyring: Keyring, store: ReceiptStore) -> None:
        self._keyring = keyring
        self._store = store

    @operation(body=Draft, query=IssueQuery, raw=True, checked=False, answer=Receipt, errors=(409,), scope="ingest")
    async def on_post(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes, query: IssueQuery
    ) -> None:
        """Sign a receipt; with `?store=true`, keep it in the same call."""
        try:
            key_id, key = await self._keyring.signing_key()
        except NoSigningKey as error:
            raise Unavailable(str(error)) from error
        receipt = _draft(body, key_id)
        content = signing.sign(receipt, key)
        if len(content) + ENVELOPE_BYTES > canonical.MAX_BYTES:
            raise wire.too_large(canonical.MAX_BYTES)
        if query.store:
            await _keep(self._store, req.context.project_id, _indexed(receipt, content))
        resp.data = content


class Receipts:
    """A project's receipts: keep one, list them, get one."""

    def __init__(self, keyring: Keyring, store: ReceiptStore) -> None:
        self._keyring = keyring
        self._store = store

    @operation(body=Envelope, raw=True, checked=False, answer=Kept, errors=(409,), scope="ingest")
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes) -> Kept:
        """Keep a signed receipt; the same one again is no error."""
        receipt = _receipt(body)
        kept = _indexed(receipt, canonical.canonicalize(receipt))
        key = await self._keyring.find(kept.key_id)
        if key is None:
            raise Problem.misfit("body", "receipt", "key_id", msg="no key of this id is known here")
        fault = signing.fault(receipt, key)
        if fault:
            raise Problem(400, fault, faults=[Fault(("body", "receipt", "signature"), fault)])
        outcome = await _keep(self._store, req.context.project_id, kept)
        return Kept(kept.receipt_id, outcome.value)

    @operation(query=ListQuery, answer=list[Receipt])
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: ListQuery) -> list[msgspec.Raw]:
        """List receipts, newest first, each as it was signed; `Link` leads to the next page."""
        try:
            after = models.cursor_of(query.cursor) if query.cursor else None
        except ValueError as error:
            raise Problem.misfit("query", "cursor", msg=str(error)) from error
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

    @operation(body=Envelope, raw=True, checked=False, answer=Verdict)
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, body: bytes) -> Verdict:
        """Say whether a receipt's signature is good, and in plain words why not."""
        receipt = _receipt(body)
        key = await self._keyring.find(receipt.get("key_id"))
        taken = signing.verified(receipt, key)
        return Verdict(valid=taken[-1].fault is None, reason=taken[-1].fault, key_id=signing.named(receipt))


class PublicKeys:
    """`/receipts/public-key…`: what anyone needs to check receipts without this server."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    @operation(query=KeyQuery, media=PEM_TYPE, errors=(404,))
    async def on_get_pem(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: KeyQuery) -> None:
        """The current public key as SPKI PEM, or another one by `?kid=`."""
        key = await (self._keyring.find(query.kid) if query.kid else self._keyring.current())
        if key is None or key.status == "compromised":
            raise Problem(404, f"no key {query.kid!r} is published here" if query.kid else "no receipt key is in use")
        resp.content_type = PEM_TYPE
        resp.text = keys.public_pem(key.public_key)

    @operation(answer=KeySet)
    async def on_get_set(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> KeySet:
        """Every public key as a JWK set, those of old receipts included; compromised ones are left out."""
        current = await self._keyring.current()
        published = [key for key in await self._keyring.every() if key.status != "compromised"]
        return KeySet([keys.jwk(key) for key in published], current.key_id if current else None)


async def _keep(store: ReceiptStore, project: str, receipt: Stored) -> Outcome:
    """Store a receipt whose signature is good, or raise the 409 for an id that is taken by another."""
    outcome = await store.put(project, receipt)
    if outcome is Outcome.CONFLICT:
        raise Problem(409, f"another receipt is stored under {receipt.receipt_id!r}; the digest of this one is kept")
    return outcome


def _draft(body: bytes, key_id: str) -> dict[str, Any]:
    """Return the complete receipt that a payload asks for.

    Raises:
        Problem: 400 for what no receipt may hold, 422 for what does not fit.
    """
    try:
        parsed = canonical.parse(body, exact=True)
    except Refused as error:
        raise _problem(400, error) from error
    try:
        return models.complete(msgspec.convert(parsed, Draft), key_id)
    except msgspec.ValidationError as error:
        raise _with_hint(wire.misfit(error, "body")) from error
    except Refused as error:
        raise _problem(422, error) from error


def _receipt(body: bytes) -> dict[str, Any]:
    """Return the receipt of `{receipt: {…}}`.

    Raises:
        Problem: 400 for what no receipt may hold, 422 when there is none.
    """
    try:
        parsed = canonical.parse(body, depth=canonical.MAX_DEPTH + 1)
    except Refused as error:
        raise _problem(400, error) from error
    try:
        return msgspec.convert(parsed, Envelope).receipt
    except msgspec.ValidationError as error:
        raise wire.misfit(error, "body") from error


def _indexed(receipt: dict[str, Any], content: bytes) -> Stored:
    """Return a receipt with what finds it again, or raise the 422 for one without: its id, its key, its time."""
    receipt_id, key_id, when = receipt.get("id"), receipt.get("key_id"), signing.time_of(receipt)
    if not isinstance(receipt_id, str) or not models.is_receipt_id(receipt_id):
        raise Problem.misfit("body", "receipt", "id", msg="1 to 128 of A–Z a–z 0–9 . _ : ~ - are needed")
    if not isinstance(key_id, str):
        raise Problem.misfit("body", "receipt", "key_id", msg="the id of the signing key is needed")
    if when is None:
        raise Problem.misfit("body", "receipt", "timestamp", msg="an RFC 3339 time is needed, 2026-01-31T12:00:00Z")
    return Stored(receipt_id, when, key_id, content)


def _problem(status: int, refused: Refused) -> Problem:
    """Return a refusal as an answer, with its place in the body."""
    loc = ("body", *refused.place)
    place = ".".join(str(step) for step in loc)
    return Problem(status, f"{place}: {refused.reason}", faults=[Fault(loc, refused.reason)])


def _with_hint(problem: Problem) -> Problem:
    """Say where an unknown member belongs."""
    if "unknown field" not in str(problem.description):
        return problem
    loc, msg = problem.faults[0].loc, f"{problem.faults[0].msg}; what a receipt has no member for goes into ext"
    return _problem(422, Refused(msg, loc[1:]))
