"""Print keys and projects on the command line."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
import msgspec

from llmring_keys.models import IssuedKey
from llmring_server.http.printable import printable


def print_new_key(key: IssuedKey, as_json: bool) -> None:
    """Print only the secret of a new key, or all fields as JSON; its id goes to stderr."""
    if as_json:
        print_json(key)
    else:
        click.echo(key.key)
    ends = f", until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else ""
    click.echo(
        f"Created {key.key_id} for {key.project_id}: {', '.join(key.scopes)}{ends}. The key is not shown again.",
        err=True,
    )


def print_json(value: Any) -> None:
    """Print structs as JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows in columns below a head; control characters are replaced, as clients choose the names."""
    rows = [tuple(map(printable, row)) for row in rows]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def format_time(when: datetime | None) -> str:
    """Format a time in UTC to the minute, or return a dash."""
    return f"{when:%Y-%m-%d %H:%M}" if when else "-"
