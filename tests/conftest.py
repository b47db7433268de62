"""What pytest must know before it collects, and the small registry that several features' tests share."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

# A package of its own, tested in its own environment by core/test_example_plugin.py.
collect_ignore = ["example_plugin"]


@pytest.fixture
def small_registry(tmp_path: Path) -> Path:
    """Give a folder in upstream's layout that a test may change: openai.3, anthropic.2, google.1, real prices."""
    return Path(shutil.copytree(Path(__file__).parent / "registry", tmp_path / "registry"))


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Callable[[], Path]]:
    """Give a function that makes a folder which PostgreSQL's own user may enter; pytest closes its own to others."""
    with ExitStack() as stack:

        def make() -> Path:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="llmring-open-", ignore_cleanup_errors=True)))
            folder.chmod(0o755)
            return folder

        yield make
