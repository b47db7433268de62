"""`llmring-server conversations retention`."""

import click

from llmring_conversations.retention import Retention
from llmring_conversations.settings import ConversationSettings
from llmring_server import offline
from llmring_server.errors import StartupError
from llmring_server.lifecycle import Server


@click.group()
def conversations() -> None:
    """Look after stored conversations."""


@conversations.command()
@click.option(
    "--days",
    type=click.IntRange(min=1, max=36_500),
    help="Keep this many days [default: LLMRING_CONVERSATIONS_RETENTION_DAYS].",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be dropped.")
def retention(days: int | None, dry_run: bool) -> None:
    """Drop conversations that nobody has added to or changed for longer than the retention, with their messages."""

    async def work(server: Server) -> None:
        keep = days or server.plugin_settings(ConversationSettings).retention_days
        if keep is None:
            raise StartupError("no retention is set; give --days, or set LLMRING_CONVERSATIONS_RETENTION_DAYS")
        kept = Retention(server.database)
        due = await kept.due(keep)
        if not due.conversations:
            click.echo(f"nothing is older than {keep} days")
            return
        doing = "would drop" if dry_run else "dropping"
        click.echo(f"{doing} {due.conversations:,} conversations with {due.messages:,} messages")
        if not dry_run:
            await kept.drop(keep)

    offline.run(work, lifespans=False)
