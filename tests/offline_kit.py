"""The offline verification in a separate process, and the modules that the process has imported."""

import subprocess
import sys

SERVERS = ("falcon", "psycopg", "psycopg_pool", "pluggy", "uvicorn", "httpx", "pydantic", "redis", "asyncio")
# Functions of text without imports of their own, which the lines of statements need.
PURE = ("llmring_server.http", "llmring_server.http.printable")
SCRIPT = f"""
import runpy, sys
sys.argv[0] = "llmring_receipts"
try:
    runpy.run_module("llmring_receipts", run_name="__main__")
finally:
    ours = {{name.split(".")[1] for name in sys.modules
            if name.startswith("llmring_server.") and name not in {PURE}}}
    print(*sorted(ours), *(name for name in {SERVERS} if name in sys.modules), file=sys.stderr)
"""


def checked_alone(*arguments):
    """Run `python -m llmring_receipts …` in a new process; return its exit status, its output, and its imports.

    The imports are the server's packages, and those of its libraries that verification does not need.
    """
    command = [sys.executable, "-c", SCRIPT, *map(str, arguments)]
    ran = subprocess.run(command, text=True, capture_output=True, timeout=60)
    return ran.returncode, ran.stdout, ran.stderr.split()
