"""`llmring-server spending`: the same on the command line."""

import asyncio

import click

from llmring_example.models import Spent
from llmring_example.store import SpendingStore
from llmring_server.app import compose
from llmring_server.settings import load_settings


@click.command()
@click.argument("project_id")
def spending(project_id: str) -> None:
    """Print what a project has spent."""
    spent = asyncio.run(_spent(project_id))
    click.echo(f"{project_id}: {spent.calls} calls, {spent.cost} USD")


async def _spent(project_id: str) -> Spent:
    server, _ = compose(load_settings())
    await server.open(lifespans=False)
    try:
        return await server.service(SpendingStore).get(project_id)
    finally:
        await server.close()
