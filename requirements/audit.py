"""The audit of `make check`: whether a pinned package has a known vulnerability, with pip-audit.

Exit status 1 if there is one. Without access to a registry it prints that and succeeds, since checks work offline too.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

PINNED = Path(__file__).with_name("dev.txt")
SECONDS = 120
RESPONSE_SECONDS = 10
UNREACHABLE = re.compile(r"connect|timed? ?out|proxy|name resolution|SSL", re.IGNORECASE)


def main() -> int:
    """Audit the pinned packages, and return the exit status."""
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", PINNED, "--require-hashes", "--disable-pip",
        "--format", "json", "--progress-spinner", "off", "--timeout", str(RESPONSE_SECONDS),
    ]  # fmt: skip
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return report(0, f"dependencies are not audited: no response in {SECONDS} s")
    try:
        found = json.loads(ran.stdout)
    except json.JSONDecodeError:
        errors = ran.stderr.strip().splitlines() or ["pip-audit printed nothing"]
        if UNREACHABLE.search(errors[-1]):
            return report(0, f"dependencies are not audited, the registry is unreachable: {errors[-1]}")
        return report(1, f"pip-audit failed: {ran.stderr}")
    return report(*verdict(found["dependencies"]))


def verdict(packages: list[dict[str, Any]]) -> tuple[int, str]:
    """Return the exit status and the message for pip-audit's findings."""
    faults = [
        f"{package['name']} {package['version']}: {fault['id']}, fixed in {', '.join(fault['fix_versions']) or 'none'}"
        for package in packages
        for fault in package.get("vulns", ())
    ]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    audited = len(packages) - len(unknown)
    if faults:
        return 1, "known vulnerabilities:\n" + "\n".join(faults)
    if not audited:
        return 0, f"dependencies are not audited: the registry has no data on any of {len(unknown)} packages"
    missing = f"; no data on {', '.join(unknown)}" if unknown else ""
    return 0, f"no known vulnerability in {audited} packages{missing}"


def report(status: int, message: str) -> int:
    """Print the message, and return the status."""
    print(message)
    return status


if __name__ == "__main__":
    sys.exit(main())
