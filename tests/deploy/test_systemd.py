"""The systemd unit, checked by systemd."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "deploy" / "llmring-server.service"
INSTALLED = "/opt/llmring/bin/llmring-server"
# Of 100; systemd calls what is below 20 OK, a unit without any confinement has 96.
MOST_EXPOSED = 20


def analyze(*arguments):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze; install systemd and run again")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)


@pytest.fixture
def unit(tmp_path):
    """Return the unit with the server of this environment instead of the installed one."""
    text = UNIT.read_text()
    assert text.count(INSTALLED) == 1
    path = tmp_path / UNIT.name
    path.write_text(text.replace(INSTALLED, str(Path(sys.executable).parent / "llmring-server")))
    return path


def test_systemd_finds_no_fault_in_the_unit(unit):
    verified = analyze("verify", "--recursive-errors=no", str(unit))
    assert (verified.returncode, verified.stderr) == (0, "")


def test_the_unit_confines_the_server(unit):
    rated = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(unit))
    assert rated.returncode == 0, rated.stdout


def test_the_unit_starts_a_command_with_options_that_it_has(unit):
    (line,) = (line for line in unit.read_text().splitlines() if line.startswith("ExecStart="))
    command = line.removeprefix("ExecStart=").split()
    shown = subprocess.run([*command[:2], "--help"], capture_output=True, text=True, timeout=60).stdout
    assert all(option in shown for option in command if option.startswith("--"))
