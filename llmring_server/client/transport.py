"""Send requests through one connection pool, with the key; failures become the exceptions of the client."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx
import msgspec

from llmring_server.client.errors import response_error, unreachable_error
from llmring_server.client.events import read_lines

TIMEOUT_SECONDS = 30.0
SILENCE_SECONDS = 60.0
T = TypeVar("T")

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Transport:
    """Sends requests to one server with one project key."""

    def __init__(self, url: str, key: str, *, timeout: float, http: httpx.AsyncClient | None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"X-API-Key": key}
        self._timeout = timeout
        self._owned = http is None
        self._http = http or httpx.AsyncClient()

    async def close(self) -> None:
        """Close the connections, unless the HTTP client was passed in."""
        if self._owned:
            await self._http.aclose()

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> httpx.Response:
        """Send a request and return its response; values of query and headers that are None are not sent.

        Raises:
            Unreachable: there was no response.
            Refused: the status is 400 or more.
        """
        content = None if body is None else _encode(body)
        sent = {**self._headers, **_drop_none(headers), **({"Content-Type": "application/json"} if content else {})}
        try:
            response = await self._http.request(
                method,
                self._url + path,
                params=_drop_none(query),
                content=content,
                headers=sent,
                timeout=self._timeout,
            )
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise unreachable_error(error) from error
        if response.status_code >= 400:
            raise response_error(response.status_code, response.content)
        return response

    @asynccontextmanager
    async def stream(
        self, path: str, *, query: Mapping[str, Any], headers: Mapping[str, str | None]
    ) -> AsyncIterator[AsyncIterator[str]]:
        """Yield the lines of a stream; it fails after `SILENCE_SECONDS` without data.

        Raises:
            Unreachable: there was no response, or it was interrupted.
            Refused: the status is 400 or more.
        """
        timeout = httpx.Timeout(self._timeout, read=SILENCE_SECONDS)
        sent = {**self._headers, **_drop_none(headers), "Accept": "text/event-stream"}
        try:
            async with self._http.stream(
                "GET", self._url + path, params=_drop_none(query), headers=sent, timeout=timeout
            ) as response:
                if response.status_code >= 400:
                    raise response_error(response.status_code, await response.aread())
                yield read_lines(response.aiter_bytes())
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise unreachable_error(error) from error


def _drop_none(values: Mapping[str, Any] | None) -> dict[str, str]:
    given = {name: value for name, value in (values or {}).items() if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}
