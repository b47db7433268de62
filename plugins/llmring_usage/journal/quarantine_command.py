"""`llmring-server usage quarantine`: calls of an outage whose keys were revoked before their replay."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import click
import msgspec

from llmring_server.errors import StartupError
from llmring_server.settings import load_plugin_settings, load_settings
from llmring_usage.journal.quarantine import QUARANTINED, list_quarantined, read_quarantined, release
from llmring_usage.journal.segments import DamagedSegment
from llmring_usage.models.rows import UsageRow
from llmring_usage.settings import UsageSettings

ERRORS = (OSError, DamagedSegment, msgspec.MsgspecError)


@click.command()
@click.option(
    "--release", "names", multiple=True, metavar="FILE", help="Store the calls of this file; may be repeated."
)
def quarantine(names: tuple[str, ...]) -> None:
    """List calls of an outage whose keys were revoked before their replay, or store them.

    They wait in files of the journal's folder. Released calls are stored by a running server under the ids of their
    responses; to discard calls, delete their file.
    """
    folder = _folder()
    try:
        for name in names:
            path = folder / Path(name).with_suffix(QUARANTINED).name
            click.echo(f"{path.name}: released {release(path):,} calls")
        if names:
            return
        for path in list_quarantined(folder):
            _show(path.name, (row for rows in read_quarantined(path) for row in rows))
    except ERRORS as error:
        raise StartupError(str(error)) from error


def _folder() -> Path:
    folder = load_plugin_settings(UsageSettings, "usage", load_settings().tables.get("usage", {})).journal_dir
    if folder is None:
        raise StartupError("there is no journal; set LLMRING_USAGE_JOURNAL_DIR as for the server")
    return folder


def _show(name: str, rows: Iterable[UsageRow]) -> None:
    """Print one line for each key in a file, with its calls, their times and their cost."""
    found: dict[tuple[str, str], tuple[int, datetime, datetime, Decimal]] = {}
    for row in rows:
        key, time = (row.series.project_id, row.unconfirmed_key or ""), row.occurred_at
        count, first, last, cost = found.get(key, (0, time, time, Decimal(0)))
        found[key] = count + 1, min(first, time), max(last, time), cost + (row.cost or 0)
    for (project, key_id), (count, first, last, cost) in sorted(found.items()):
        click.echo(
            f"{name}: {count:,} calls of project {project} with key {key_id}, {first:%FT%TZ} to {last:%FT%TZ}, "
            f"{cost:f} USD"
        )
