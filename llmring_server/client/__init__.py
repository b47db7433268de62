"""An asynchronous client for a server, to use in a program of one's own: `LLMRingServer`.

It imports nothing of the server itself.
"""

import os
from types import TracebackType
from typing import Self

import httpx

from llmring_server.client.aliases import Aliases
from llmring_server.client.errors import ClientError, Moved, NotAllowed, NotFound, Problem, Refused, Unreachable
from llmring_server.client.models import Alias, Binding, Change, Listing, Ready, Updated
from llmring_server.client.transport import TIMEOUT_SECONDS, Transport

__all__ = [
    "Alias",
    "Aliases",
    "Binding",
    "Change",
    "ClientError",
    "LLMRingServer",
    "Listing",
    "Moved",
    "NotAllowed",
    "NotFound",
    "Problem",
    "Ready",
    "Refused",
    "Unreachable",
    "Updated",
]

DEFAULT_URL = "http://localhost:8000"
URL_VARIABLE = "LLMRING_SERVER_URL"
KEY_VARIABLE = "LLMRING_API_KEY"


class LLMRingServer:
    """A server and a project on it: `async with LLMRingServer() as server: await server.aliases.resolve("fast")`.

    Without arguments, `LLMRING_SERVER_URL` and `LLMRING_API_KEY` of the environment say which. `timeout` is in seconds,
    for each call; `http` is a client of your own, which stays open.

    Raises:
        ClientError: there is no key.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        key = key or os.environ.get(KEY_VARIABLE)
        if not key:
            raise ClientError(f"no project key; set {KEY_VARIABLE}")
        url = url or os.environ.get(URL_VARIABLE) or DEFAULT_URL
        self._transport = Transport(url, key, timeout=timeout, http=http)
        self.aliases = Aliases(self._transport)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
