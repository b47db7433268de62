"""Packages from npm, for tests that compare our results with other implementations."""

import os
import shutil
import subprocess

import pytest

QUIET = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")


def install(package, folder, purpose):
    """Install a package of npm into a folder; skip the test without Node.js or the registry."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        pytest.skip(f"node and npm are not on PATH; install Node.js 18 or later {purpose}")
    done = subprocess.run([npm, "install", *QUIET, package], cwd=folder, text=True, capture_output=True, timeout=120)
    if done.returncode and os.environ.get("CI") == "true":
        pytest.fail(f"npm cannot install {package}: {done.stderr}")
    if done.returncode:
        pytest.skip(f"npm cannot install {package}; connect to the npm registry and run again: {done.stderr[:200]}")
