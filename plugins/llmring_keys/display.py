"""What the command line prints of keys and projects."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
import msgspec

from llmring_keys.models import IssuedKey
from llmring_server.http.printable import printable


def new_key(key: IssuedKey, as_json: bool) -> None:
    """Print a new key alone, or all of it as JSON; its id goes to stderr."""
    if as_json:
        document(key)
    else:
        click.echo(key.key)
    ends = f", until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else ""
    click.echo(f"{key.key_id} of {key.project_id}: {', '.join(key.scopes)}{ends}; it is not shown again", err=True)


def document(found: Any) -> None:
    """Print structs as JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows under a head, in columns; whoever named a key or a project may not have been the operator."""
    rows = [tuple(map(printable, row)) for row in rows]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def day(when: datetime | None) -> str:
    """Return a time (UTC) to the minute, or a dash."""
    return f"{when:%Y-%m-%d %H:%M}" if when else "-"
