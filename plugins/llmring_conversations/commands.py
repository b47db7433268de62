"""`llmring-server conversations retention`."""

import click

from llmring_conversations.retention import conversation_retention
from llmring_conversations.settings import ConversationSettings
from llmring_server.cli.retention import OldRows, retention_command
from llmring_server.server import Server


@click.group()
def conversations() -> None:
    """Manage stored conversations."""


def _retention(server: Server) -> tuple[OldRows, int | None]:
    return conversation_retention(server.database), server.plugin_settings(ConversationSettings).retention_days


conversations.add_command(
    retention_command(
        "Drop conversations without changes for longer than the retention, with their messages.",
        "LLMRING_CONVERSATIONS_RETENTION_DAYS",
        _retention,
    )
)
