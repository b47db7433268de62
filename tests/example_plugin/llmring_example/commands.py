"""`llmring-server spending`: the same on the command line."""

import click

from llmring_example.store import SpendingStore
from llmring_server.plugin_api import run_with_server


@click.command()
@click.argument("project_id")
def spending(project_id: str) -> None:
    """Print what a project has spent."""
    spent = run_with_server(lambda server: server.service(SpendingStore).get(project_id), lifespans=False)
    click.echo(f"{project_id}: {spent.calls} calls, {spent.cost} USD")
