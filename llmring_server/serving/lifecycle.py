"""The lifespan of the application: opens the server at start-up and closes it at shutdown."""

import gc
from collections.abc import Mapping
from typing import Any

from llmring_server.errors import StartupError
from llmring_server.server import Server
from llmring_server.serving.connection import LIMITS
from llmring_server.serving.shutdown import STATE as DRAIN

# Requests in flight survive young collections; at the default thresholds many full collections would follow.
SERVING_THRESHOLDS = (20_000, 50, 100)


class Lifecycle:
    """Falcon middleware that opens the server at start-up and closes it at shutdown.

    While serving, objects created at start-up are excluded from garbage collection, whose thresholds are raised.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._thresholds = gc.get_threshold()
        self.failure: StartupError | None = None

    async def process_startup(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """Open the server; a failure becomes `lifespan.startup.failed`."""
        try:
            await self._server.open()
        except StartupError as error:
            self.failure = error
            raise
        state = scope.get("state", {})
        state[LIMITS], state[DRAIN] = self._server.settings.connections, self._server.drain
        self._thresholds = gc.get_threshold()
        gc.freeze()
        gc.set_threshold(*SERVING_THRESHOLDS)

    async def process_shutdown(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """Close the server."""
        gc.set_threshold(*self._thresholds)
        gc.unfreeze()
        await self._server.close()
