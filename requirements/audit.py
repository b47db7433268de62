"""`make check` runs this: whether any pinned package has a known vulnerability, by pip-audit, where that can be told.

Exit status 1 when one has. Where no registry can be asked, that is said and nothing fails: checks work offline too.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

PINNED = Path(__file__).with_name("dev.txt")
SECONDS = 120
ONE_ANSWER_SECONDS = 10
UNREACHABLE = re.compile(r"connect|timed? ?out|proxy|name resolution|SSL", re.IGNORECASE)


def main() -> int:
    """Audit what is pinned, and return the exit status."""
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", PINNED, "--require-hashes", "--disable-pip",
        "--format", "json", "--progress-spinner", "off", "--timeout", str(ONE_ANSWER_SECONDS),
    ]  # fmt: skip
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return told(0, f"dependencies are not audited: no answer in {SECONDS} s")
    try:
        found = json.loads(ran.stdout)
    except json.JSONDecodeError:
        said = ran.stderr.strip().splitlines() or ["pip-audit said nothing"]
        if UNREACHABLE.search(said[-1]):
            return told(0, f"dependencies are not audited, no registry can be asked: {said[-1]}")
        return told(1, f"pip-audit failed: {ran.stderr}")
    return told(*verdict(found["dependencies"]))


def verdict(packages: list[dict[str, Any]]) -> tuple[int, str]:
    """Return the exit status and what to say of pip-audit's findings."""
    faults = [
        f"{package['name']} {package['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'none'}"
        for package in packages
        for fault in package.get("vulns", ())
    ]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    audited = len(packages) - len(unknown)
    if faults:
        return 1, "known vulnerabilities:\n" + "\n".join(faults)
    if not audited:
        return 0, f"dependencies are not audited: the registry tells nothing of any of {len(unknown)} packages"
    untold = f"; it tells nothing of {', '.join(unknown)}" if unknown else ""
    return 0, f"no known vulnerability in {audited} packages{untold}"


def told(status: int, said: str) -> int:
    """Say it, and return the status."""
    print(said)
    return status


if __name__ == "__main__":
    sys.exit(main())
