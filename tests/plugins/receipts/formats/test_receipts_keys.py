"""Keys: thumbprints, strict base64url, files, and the formats that other tools read."""

import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from llmring_receipts.formats import keys, signing
from llmring_receipts.formats.canonical import canonicalize

# RFC 8037 appendix A.
SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_thumbprint_is_that_of_rfc_8037_a_3():
    assert keys.thumbprint(keys.decode(PUBLIC, 32)) == THUMBPRINT


def test_the_public_half_is_that_of_rfc_8037_a_2():
    assert keys.encode(keys.public_bytes(keys.load_seed(SEED))) == PUBLIC


@pytest.mark.parametrize(
    "text", [SEED + "=", SEED[:-1], SEED + "A", SEED[:-1] + "B", SEED.replace("_", "/"), "", " " + SEED]
)
def test_a_seed_has_one_encoding_only(text):
    with pytest.raises(keys.InvalidKey):
        keys.load_seed(text)


@pytest.mark.parametrize(
    "content",
    [SEED.encode(), SEED.encode() + b"\n", keys.decode(SEED, 32), keys.private_pem(keys.load_seed(SEED))],
    ids=["text", "text with a line end", "32 bytes", "PKCS8 PEM"],
)
def test_a_file_may_hold_a_seed_or_pem(content):
    assert keys.encode(keys.public_bytes(keys.load_private_key(content))) == PUBLIC


def test_a_pem_of_another_kind_is_refused():
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(keys.InvalidKey, match="another type"):
        keys.load_private_key(other)


def test_an_encrypted_pem_is_refused():
    locked = keys.generate_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    with pytest.raises(keys.InvalidKey, match="without a password"):
        keys.load_private_key(locked)


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\xff" * 43]
)
def test_a_file_with_no_key_is_refused(content):
    with pytest.raises(keys.InvalidKey):
        keys.load_private_key(content)


@pytest.fixture
def openssl():
    found = shutil.which("openssl")
    if not found:
        pytest.skip("openssl is not on PATH; install it (apt-get install openssl) to check that it reads our PEM")
    return found


def test_openssl_reads_the_pem(openssl):
    pem = keys.public_pem(keys.decode(PUBLIC, 32))
    shown = subprocess.run([openssl, "pkey", "-pubin", "-noout", "-text"], input=pem, text=True, capture_output=True)
    assert shown.returncode == 0, shown.stderr
    assert "d7:5a:98:01:82:b1:0a:b7" in shown.stdout


@pytest.fixture
def verified(openssl, signer, tmp_path):
    """Return a function that verifies bytes against a receipt's signature with openssl."""
    receipt = signer.sign()
    made = receipt.pop(signing.SIGNATURE).removeprefix("ed25519:")
    (tmp_path / "signature").write_bytes(keys.decode(made, 64))
    (tmp_path / "key.pem").write_text(keys.public_pem(signer.public))
    command = [openssl, "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "key.pem", "-sigfile", "signature"]

    def verify(change):
        (tmp_path / "message").write_bytes(change(canonicalize(receipt)))
        done = subprocess.run([*command, "-in", "message"], cwd=tmp_path, text=True, capture_output=True)
        if "oneshot" in done.stderr or "unknown option" in done.stderr.lower():
            pytest.skip("this openssl cannot verify Ed25519 on the command line; install 3.0 or later")
        return done

    return verify


def test_openssl_verifies_a_receipt(verified):
    done = verified(lambda message: message)
    assert "Verified Successfully" in done.stdout, done.stderr


@pytest.mark.parametrize("place", [0, 100, -1])
def test_openssl_refuses_a_receipt_with_a_byte_changed(verified, place):
    def change(message):
        changed = bytearray(message)
        changed[place] ^= 1
        return bytes(changed)

    done = verified(change)
    assert done.returncode != 0
    assert "Verified Successfully" not in done.stdout
