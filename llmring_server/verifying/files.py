"""Read the files to verify."""

from pathlib import Path

from llmring_server.verifying.verdict import Unreadable

MAX_BYTES = 64 * 1024 * 1024


def read(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return a file's content.

    Raises:
        Unreadable: it cannot be read, or has more than `limit` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from error
    if len(content) > limit:
        raise Unreadable(f"{path} is larger than {limit} bytes")
    return content
