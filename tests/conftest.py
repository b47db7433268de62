"""What pytest must know before it collects, and the small registry that several features' tests share."""

import shutil
from pathlib import Path

import pytest

# A package of its own, tested in its own environment by core/test_example_plugin.py.
collect_ignore = ["example_plugin"]


@pytest.fixture
def small_registry(tmp_path: Path) -> Path:
    """Give a folder in upstream's layout that a test may change: openai.3, anthropic.2, google.1, real prices."""
    return Path(shutil.copytree(Path(__file__).parent / "registry", tmp_path / "registry"))
