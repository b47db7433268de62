"""PostgreSQL: the pool, the bundled server, and the migrations."""

from llmring_server.database.notifications import Channel
from llmring_server.database.pool import Database

__all__ = ["Channel", "Database"]
