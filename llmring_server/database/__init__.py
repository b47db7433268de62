"""PostgreSQL: the pool, the bundled server, and the migrations."""

from llmring_server.database.notifications import Notifications
from llmring_server.database.pool import Database

__all__ = ["Database", "Notifications"]
