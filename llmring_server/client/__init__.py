"""An asynchronous client of the server for applications: `LLMRingServer`.

It imports none of the server's code.
"""

import os
from types import TracebackType
from typing import Self

import httpx

from llmring_server.client.aliases import Aliases
from llmring_server.client.errors import (
    ClientError,
    NotAllowed,
    NotFound,
    PreconditionFailed,
    Problem,
    Refused,
    Unreachable,
)
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
    "NotAllowed",
    "NotFound",
    "PreconditionFailed",
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
    """A client of one project: `async with LLMRingServer() as server: await server.aliases.resolve("fast")`.

    URL and key default to the environment variables `LLMRING_SERVER_URL` and `LLMRING_API_KEY`. `timeout` is in
    seconds per request; `http` is an httpx client to use, which is not closed.

    Raises:
        ClientError: no key is set.
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
            raise ClientError(f"No project key is set. Set {KEY_VARIABLE}.")
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
