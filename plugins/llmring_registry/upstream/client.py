"""Conditional requests for files of the upstream registry, limited in time and size, over http(s):// or file://."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

import httpx
import msgspec

from llmring_registry.models import File, InvalidFile, digest, validate_file

MAX_CONCURRENT = 8


class UpstreamError(Exception):
    """A file could not be fetched; the message has the reason."""


class UpstreamFileNotFound(UpstreamError):
    """The file does not exist."""


class Upstream:
    """The folder at the base URL; `http` returns the client and is called only while the server runs.

    At most `concurrent` requests are sent at once; others wait for their turn.
    """

    def __init__(
        self, http: Callable[[], httpx.AsyncClient], base_url: str, max_bytes: int, concurrent: int = MAX_CONCURRENT
    ) -> None:
        self._http = http
        self._base = base_url
        self._max_bytes = max_bytes
        self._semaphore = asyncio.Semaphore(concurrent)
        self.source = strip_credentials(base_url)

    async def fetch(self, path: str, seconds: float, known: File | None = None) -> File:
        """Return the current file within `seconds`, by a conditional request if it is `known`.

        Raises:
            UpstreamFileNotFound: the file does not exist.
            UpstreamError: upstream is down or slow, or responds with an error or an invalid file.
        """
        try:
            async with asyncio.timeout(seconds), self._semaphore:
                return await self._fetch(path, known)
        except TimeoutError as error:
            raise UpstreamError(f"no complete response within {seconds:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise UpstreamError(type(error).__name__) from error
        except InvalidFile as error:
            raise UpstreamError(f"invalid: {str(error)[:200]}") from error

    async def _fetch(self, path: str, known: File | None) -> File:
        now = datetime.now(UTC)
        if self._base.startswith("file:"):
            folder = Path(url2pathname(urlsplit(self._base).path))
            return _validated_file(path, await asyncio.to_thread(self._read, folder / path), now)
        async with self._http().stream("GET", self._base + path, headers=_conditional_headers(known)) as response:
            if response.status_code == httpx.codes.NOT_MODIFIED and known is not None:
                return msgspec.structs.replace(known, fetched_at=now)
            if response.status_code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
                raise UpstreamFileNotFound(f"status {response.status_code}")
            if response.status_code != httpx.codes.OK:
                raise UpstreamError(f"status {response.status_code}")
            body = await self._receive(response)
            validators = response.headers.get("ETag"), response.headers.get("Last-Modified")
        return _validated_file(path, body, now, *validators)

    async def _receive(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            self._check_size(len(body))
        return bytes(body)

    def _read(self, path: Path) -> bytes:
        try:
            with path.open("rb") as file:
                body = file.read(self._max_bytes + 1)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UpstreamFileNotFound("no such file") from error
        self._check_size(len(body))
        return body

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise UpstreamError(f"larger than {self._max_bytes} bytes")


def strip_credentials(url: str) -> str:
    """Return a URL without user and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _conditional_headers(known: File | None) -> dict[str, str]:
    given = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified} if known else {}
    return {name: value for name, value in given.items() if value}


def _validated_file(
    path: str, body: bytes, now: datetime, etag: str | None = None, last_modified: str | None = None
) -> File:
    """Return a validated file.

    Raises:
        InvalidFile: the body is not valid for the path.
    """
    validate_file(path, body)
    return File(path=path, body=body, sha256=digest(body), etag=etag, last_modified=last_modified, fetched_at=now)
