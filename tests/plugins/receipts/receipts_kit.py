"""Helpers for tests of receipts: the usual payload, and signing outside the server."""

import json
from typing import Any

from llmring_receipts.formats import keys, signing

PAYLOAD = {
    "model": "openai:gpt-4o-mini",
    "alias": "summarizer",
    "tokens": {"input": 120, "output": 30},
    "cost": {"amount": "0.00045"},
}


class Signer:
    """A private key outside the server, as an operator or an attacker holds it."""

    def __init__(self) -> None:
        self.private = keys.generate_key()
        self.public = keys.public_bytes(self.private)
        self.key_id = keys.thumbprint(self.public)
        self.seed = keys.encode(keys.seed_bytes(self.private))

    def sign(self, **members: Any) -> dict[str, Any]:
        """Return a signed receipt with these fields in addition to the usual ones."""
        receipt = {
            **PAYLOAD,
            "id": "by-hand",
            "timestamp": "2026-01-31T12:00:00.000000Z",
            "key_id": self.key_id,
            **members,
        }
        return json.loads(signing.sign(receipt, self.private))
