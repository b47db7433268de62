"""Cursors: the position after a call in the list of calls, as text that a client sends back."""

import base64

import msgspec

from llmring_server.contracts.usage import LogEntry
from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.queries.usage_logs import Position

_position = msgspec.json.Decoder(Position)


def write_cursor(entry: LogEntry) -> str:
    """Return the cursor of the position after an entry."""
    return base64.urlsafe_b64encode(codec.encode(Position(entry.logged_at, entry.id))).rstrip(b"=").decode()


def read_cursor(text: str) -> Position:
    """Return the position of a cursor.

    Raises:
        Problem: 422 for a text that is not a cursor.
    """
    try:
        return _position.decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, msgspec.MsgspecError) as error:
        raise Problem.validation(
            "query", "cursor", msg="Not a cursor of this list. Use the one from the Link header."
        ) from error
