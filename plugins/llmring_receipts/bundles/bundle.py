"""A receipt with its proof, the keys, the log's policy, and instructions to verify it with other tools."""

import asyncio
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from llmring_receipts.formats import canonical, jwks, keys, signing
from llmring_receipts.formats.canonical import InvalidValue
from llmring_receipts.key_management.key_store import ReceiptKeyStore
from llmring_receipts.key_management.keyring import Keyring
from llmring_receipts.receipts import models
from llmring_receipts.receipts.store import ReceiptStore
from llmring_server.contracts.transparency import LogPolicy, LogProofs
from llmring_server.server import Server

PAGES = ("README.md", "check.mjs", "check.go")
FIXED_DATE = (1980, 1, 1, 0, 0, 0)


class BundleBuilder:
    """Bundles of any project's receipts; implements `ReceiptBundles`."""

    def __init__(self, server: Server, store: ReceiptStore, key_store: ReceiptKeyStore, keyring: Keyring) -> None:
        self._server = server
        self._store = store
        self._keys = key_store
        self._keyring = keyring

    async def build_zip(self, project: str, receipt_id: str) -> bytes | None:
        """Return a receipt's bundle as a zip file, or None if the project has no such receipt."""
        files = await self.files(project, receipt_id)
        return await asyncio.to_thread(build_zip, files) if files else None

    async def files(self, project: str, receipt_id: str) -> dict[str, bytes]:
        """Return the files of a bundle by name; none if the project has no such receipt.

        Raises:
            Problem: 410, its log entry was erased; 503, its proof is unavailable now.
        """
        row = await self._store.get(project, receipt_id) if models.is_receipt_id(receipt_id) else None
        if row is None:
            return {}
        own = await self._keys.keys()
        key_id = _read_key_id(row.content)
        signed_by = next((key for key in own if key.key_id == key_id), self._keyring.trusted_key(key_id or ""))
        known = own if signed_by is None or signed_by in own else [*own, signed_by]
        files = {"receipt.json": row.content, "jwks.json": msgspec.json.encode(jwks.build(known, None))}
        if signed_by is not None and signed_by.status != "compromised":
            files["key.pem"] = keys.public_pem(signed_by.public_key).encode()
        files |= await self._log_files(project, receipt_id)
        folder = Path(__file__).with_name("files")
        return files | {name: (folder / name).read_bytes() for name in PAGES}

    async def _log_files(self, project: str, receipt_id: str) -> dict[str, bytes]:
        """Return the proof and the policy, if there is a log with this receipt."""
        log = self._server.service(LogProofs, default=None)
        trusted = self._server.service(LogPolicy, default=None)
        proof = await log.receipt_proof(project, receipt_id) if log else None
        policy = await trusted.policy() if proof and trusted else None
        found = {"proof": proof, "policy": policy.encode() if policy else None}
        return {name: content for name, content in found.items() if content is not None}


def _read_key_id(content: bytes) -> str | None:
    """Return the id of the key that a stored receipt names."""
    try:
        receipt = canonical.parse(content)
    except InvalidValue:
        return None
    return signing.key_id_of(receipt) if isinstance(receipt, dict) else None


def build_zip(files: Mapping[str, bytes]) -> bytes:
    """Return files as a zip archive; the same files give the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, FIXED_DATE), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()
