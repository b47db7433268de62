"""The audit of dependencies: a known vulnerability fails the check, an unreachable registry does not."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

AUDIT = Path(__file__).parents[2] / "requirements" / "audit.py"


@pytest.fixture
def audit():
    spec = importlib.util.spec_from_file_location("audit", AUDIT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SOUND = {"name": "sound", "version": "1.0", "vulns": []}
FAULTY = {"name": "faulty", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}
UNKNOWN = {"name": "unknown", "skip_reason": "not found"}


def test_a_known_vulnerability_fails_with_the_fixed_version(audit):
    status, said = audit.verdict([SOUND, FAULTY, UNKNOWN])
    assert status == 1
    assert "faulty 2.0: PYSEC-1, fixed in 2.1" in said


def test_packages_without_vulnerabilities_pass_and_unknown_ones_are_named(audit):
    assert audit.verdict([SOUND, UNKNOWN]) == (0, "no known vulnerability in 1 packages; no data on unknown")


def test_a_registry_without_data_does_not_count_as_an_audit(audit):
    status, said = audit.verdict([UNKNOWN, UNKNOWN])
    assert (status, said.partition(":")[0]) == (0, "dependencies are not audited")


def test_an_unreachable_registry_is_reported_and_does_not_fail(tmp_path):
    nowhere = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"), "http://127.0.0.1:1")
    kept = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
    ran = subprocess.run(
        [sys.executable, AUDIT],
        env={**kept, **nowhere, "PIP_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.startswith("dependencies are not audited")
