"""Replace files atomically: a reader sees the old content or the new, never a part."""

import os
from pathlib import Path


def replace(path: Path, content: bytes, *, synced: bool = True) -> None:
    """Replace a file's content; with `synced`, it is on disk before this returns.

    Raises:
        OSError: the file cannot be written.
    """
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as file:
        file.write(content)
        if synced:
            file.flush()
            os.fsync(file.fileno())
    temporary.replace(path)
    if synced:
        _sync(path.parent)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
