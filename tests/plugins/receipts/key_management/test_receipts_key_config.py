"""The configured key: how it is created and read, and what stops a start."""

import subprocess
import sys

import pytest
from receipts_kit import PAYLOAD, Signer

from llmring_receipts.formats import keys
from llmring_server.errors import StartupError
from llmring_server.testing.process import clean_environment

ISSUE = "/api/v1/receipts/issue"
VERIFY = "/api/v1/receipts/verify"
KEYS = "/receipts/public-keys.json"


def test_the_private_key_never_enters_the_database(start, signer):
    server = start(private_key_b64=signer.seed)
    (row,) = server.rows("SELECT * FROM receipt_keys")
    assert keys.decode(signer.seed, 32) not in row.values()
    assert signer.seed not in str(row)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"private_key_b64": "AAAA"}, "PRIVATE_KEY_B64"),
        ({"private_key_b64": Signer().seed + "="}, "PRIVATE_KEY_B64"),
        ({"private_key_b64": Signer().seed, "public_key_b64": keys.encode(Signer().public)}, "PUBLIC_KEY_B64"),
        ({"public_key_b64": "AAAA"}, "PUBLIC_KEY_B64"),
        ({"private_key_b64": Signer().seed, "private_key_file": "/tmp/key"}, "unset one"),
        ({"private_key_file": "/nowhere/key.pem"}, "PRIVATE_KEY_FILE"),
        ({"private_key_b64": Signer().seed, "key_id": "a b"}, "KEY_ID"),
    ],
)
def test_a_key_that_cannot_be_used_stops_the_start_and_is_not_shown(start, settings, message):
    with pytest.raises(StartupError, match=message) as stopped:
        start(**settings)
    assert settings.get("private_key_b64", "nothing") not in str(stopped.value)


def test_a_key_file_that_others_can_read_stops_the_start(start, signer, tmp_path):
    path = tmp_path / "key.pem"
    path.write_bytes(keys.private_pem(signer.private))
    path.chmod(0o644)
    with pytest.raises(StartupError, match="chmod 600"):
        start(private_key_file=str(path))


def test_a_key_file_of_ones_own_signs(start, signer, tmp_path):
    path = tmp_path / "key.pem"
    path.write_bytes(keys.private_pem(signer.private))
    path.chmod(0o600)
    assert start(private_key_file=str(path)).client().post(ISSUE, json=PAYLOAD).json()["key_id"] == signer.key_id


def test_blank_settings_mean_unset(start):
    server = start(private_key_b64="", private_key_file="", public_key_b64=" ", key_id="")
    assert server.client(None).get(KEYS).json() == {"keys": [], "current_key_id": None, "compromised": []}


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "llmring_server", "receipts", *arguments]
    environment = clean_environment({"LLMRING_PLUGINS": "receipts"})
    return subprocess.run(command, env=environment, text=True, capture_output=True, timeout=60)


def test_keygen_prints_settings_that_start_a_server(start):
    printed = run_command("keygen").stdout
    lines = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
    server = start(
        private_key_b64=lines["LLMRING_RECEIPTS_PRIVATE_KEY_B64"],
        public_key_b64=lines["LLMRING_RECEIPTS_PUBLIC_KEY_B64"],
    )
    assert server.client().post(ISSUE, json=PAYLOAD).json()["key_id"] in printed


def test_keygen_writes_a_file_that_only_its_owner_reads(start, tmp_path):
    path = tmp_path / "key.pem"
    printed = run_command("keygen", "--out", str(path)).stdout
    assert path.stat().st_mode & 0o777 == 0o600
    assert f"LLMRING_RECEIPTS_PRIVATE_KEY_FILE={path}" in printed
    assert "PRIVATE_KEY_B64" not in printed
    assert start(private_key_file=str(path)).client().post(ISSUE, json=PAYLOAD).is_success


def test_keygen_never_overwrites_a_key(tmp_path):
    path = tmp_path / "key.pem"
    path.write_text("kept")
    assert run_command("keygen", "--out", str(path)).returncode != 0
    assert path.read_text() == "kept"
