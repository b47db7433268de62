"""The pure modules verify a receipt without the server, its framework or a database."""

import subprocess
import sys

import pytest

PURE = ("formats.canonical", "formats.jwks", "formats.keys", "formats.signing")
SERVERS = ("falcon", "psycopg", "psycopg_pool", "pluggy", "click", "uvicorn", "llmring_server")


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_is_imported_without_the_server(module):
    script = f"import sys, llmring_receipts.{module}; print(*(name for name in {SERVERS} if name in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True, timeout=60)
    assert (ran.returncode, ran.stdout.strip()) == (0, ""), ran.stdout + ran.stderr


def test_a_receipt_is_signed_and_checked_without_the_server():
    script = """
import json, sys
from llmring_receipts.formats import jwks
from llmring_receipts.formats import keys
from llmring_receipts.formats import signing
private = keys.generate_key()
known = keys.PublicKey("main", keys.public_bytes(private), None, None, "active")
receipt = json.loads(signing.sign({"id": "one", "key_id": "main"}, private))
(read,) = jwks.parse(json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "main",
                                          "x": keys.encode(known.public_key)}]}).encode())
print(signing.find_fault(receipt, read), signing.find_fault({**receipt, "id": "two"}, read) is None)
"""
    ran = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True, timeout=60)
    assert ran.stdout.split() == ["None", "False"], ran.stderr
