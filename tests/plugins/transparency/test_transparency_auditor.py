"""docs/how-to/verify-a-receipt.md: the auditor's commands run as printed, and find a changed line."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_transparency_witnesses import cosigned
from transparency_kit import Reader
from witness_kit import Witness

from llmring_server.testing import eventually

DOCUMENT = Path(__file__).parents[3] / "docs" / "how-to" / "verify-a-receipt.md"
CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100, "cost": "0.00045"}
SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"


@pytest.fixture
def witness(tmp_path, key):
    with Witness(tmp_path / "witness", key.verifier).running() as running:
        yield running


@pytest.fixture
def server(llmring_live, key, guard_file, witness):
    return llmring_live(
        ["usage", "receipts", "transparency"],
        receipts={"private_key_b64": SEED, "auto": True},
        transparency={"key": key.text(), "guard_file": str(guard_file), "witnesses": witness.setting},
    )


def walk(folder, **variables):
    """Run the auditor's block in a folder."""
    (block,) = re.findall(r"```bash\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = ["bash", "-euo", "pipefail", "-c", block]
    return subprocess.run(
        command, cwd=folder, env={"PATH": path, **variables}, text=True, capture_output=True, timeout=120
    )


def test_an_auditor_s_walk_proves_what_is_there_and_finds_what_was_changed(server, key, witness, tmp_path):
    missing = [tool for tool in ("bash", "curl", "sed") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"install {', '.join(missing)} to run the auditor's walk of docs/how-to/verify-a-receipt.md")
    reader, folder = Reader(server.client("one"), key.verifier), tmp_path / "auditor"
    folder.mkdir()
    log_id = reader.client.post("/api/v1/log", json=CALL).raise_for_status().json()["log_id"]
    reader.client.post("/api/v1/statements").raise_for_status()
    reader.until(4)
    (folder / "checkpoint-kept").write_bytes(reader.client.get("/tlog/checkpoint").content)
    reader.client.post("/api/v1/log", json=CALL).raise_for_status()
    reader.client.post("/api/v1/statements").raise_for_status()
    eventually(lambda: cosigned(reader, witness) == 6)
    given = {
        "SERVER": server.url, "KEY": "one", "VKEY": key.verifier.vkey(), "WITNESS": witness.signer.verifier.vkey(),
        "ID": log_id,
    }  # fmt: skip
    done = walk(folder, **given)
    assert (done.returncode, done.stdout.count(": PROVEN")) == (0, 5), done.stdout + done.stderr
    assert "self-attested" not in done.stdout
    assert (folder / "checkpoint-kept").read_bytes() == (folder / "checkpoint").read_bytes()
    server.rows("UPDATE statement_lines SET content = replace(content, '0.00045', '0.00044') WHERE seq = 2 RETURNING 1")
    done = walk(folder, **given)
    assert done.returncode == 1
    assert "statement statement-2.json: REFUTED" in done.stdout
