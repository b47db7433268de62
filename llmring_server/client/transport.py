"""One connection pool to a server, with the key in every request and every failure as one of our errors."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx
import msgspec

from llmring_server.client.errors import refusal, unreachable
from llmring_server.client.events import lines

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
        self._own = http is None
        self._http = http or httpx.AsyncClient()

    async def close(self) -> None:
        """Close the connections, unless the HTTP client was given."""
        if self._own:
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
        """Return the answer; absent (None) members of query and headers are not sent.

        Raises:
            Unreachable: there was no answer.
            Refused: its status is 400 or more.
        """
        content = None if body is None else _encode(body)
        sent = {**self._headers, **_present(headers), **({"Content-Type": "application/json"} if content else {})}
        try:
            answer = await self._http.request(
                method,
                self._url + path,
                params=_present(query),
                content=content,
                headers=sent,
                timeout=self._timeout,
            )
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise unreachable(error) from error
        if answer.status_code >= 400:
            raise refusal(answer.status_code, answer.content)
        return answer

    @asynccontextmanager
    async def stream(
        self, path: str, *, query: Mapping[str, Any], headers: Mapping[str, str | None]
    ) -> AsyncIterator[AsyncIterator[str]]:
        """Give the lines of a stream; `SILENCE_SECONDS` without any are a failure.

        Raises:
            Unreachable: there was no answer, or it broke off.
            Refused: its status is 400 or more.
        """
        timeout = httpx.Timeout(self._timeout, read=SILENCE_SECONDS)
        sent = {**self._headers, **_present(headers), "Accept": "text/event-stream"}
        try:
            async with self._http.stream(
                "GET", self._url + path, params=_present(query), headers=sent, timeout=timeout
            ) as answer:
                if answer.status_code >= 400:
                    raise refusal(answer.status_code, await answer.aread())
                yield lines(answer.aiter_bytes())
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise unreachable(error) from error


def _present(members: Mapping[str, Any] | None) -> dict[str, str]:
    texts = {name: value for name, value in (members or {}).items() if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in texts.items()}
