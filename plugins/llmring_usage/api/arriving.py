"""The hook before an entry is stored: plugins refuse the entry, or add tags."""

import logging
from collections.abc import Mapping

import msgspec

from llmring_server.contracts import ArrivingUsage
from llmring_server.http.errors import Problem
from llmring_server.server import Server
from llmring_usage.models.entries import Tags
from llmring_usage.models.rows import UsageRow
from llmring_usage.tables.entry_lookup import logged_usage

HOOK = "llmring_usage_arriving"

log = logging.getLogger(__name__)


class ArrivalChecks:
    """The implementations of `llmring_usage_arriving`, in conf order."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._checks = [(plugin.name, call) for plugin, call in server.plugins.callers(HOOK)]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._checks)

    def __call__(self, row: UsageRow, key_id: str | None) -> UsageRow:
        """Return a row with the tags of the plugins.

        Raises:
            Problem: a plugin refuses the entry, or failed.
        """
        for plugin, check in self._checks:
            entry = ArrivingUsage(
                **msgspec.structs.asdict(logged_usage(row)),
                key_id=key_id,
                status=row.status,
                id_at_origin=row.id_at_origin,
                tags=row.tags or {},
            )
            try:
                tags: Mapping[str, str] | None = check(server=self._server, entry=entry)
                if tags:
                    row = msgspec.structs.replace(row, tags=msgspec.convert({**entry.tags, **tags}, Tags))
            except Problem:
                raise
            except Exception as error:
                log.exception("plugin %r failed in %s", plugin, HOOK)
                raise Problem(500, f"The plugin {plugin!r} failed on this entry, which is not stored.") from error
        return row
