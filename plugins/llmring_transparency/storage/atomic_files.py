"""Files that are replaced at once: whatever happens, a reader finds the old content or the new one, whole."""

import os
from pathlib import Path


def replace(path: Path, content: bytes, *, synced: bool = True) -> None:
    """Replace a file's content; when `synced`, it is on the disk before this returns.

    Raises:
        OSError: the file cannot be written.
    """
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(content)
        if synced:
            file.flush()
            os.fsync(file.fileno())
    beside.replace(path)
    if synced:
        _sync(path.parent)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
