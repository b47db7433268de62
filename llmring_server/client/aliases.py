"""Requests to the alias endpoints."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from llmring_server.client.errors import NotFound, Refused, Unreachable
from llmring_server.client.events import ServerEvent, read_events
from llmring_server.client.models import Alias, Binding, Change, Listing, Ready, Updated
from llmring_server.client.transport import Transport

PATH = "/api/v1/aliases"
VERSION = "X-Alias-Version"
DEFAULT_PROFILE = "default"
FIRST_PAUSE_SECONDS = 0.2
MAX_PAUSE_SECONDS = 15.0


class Aliases:
    """The aliases of the key's project; every method may raise `ClientError`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, profile: str | None = None) -> Listing:
        """Return the aliases of a profile, or of all: every page of the list, of one version."""
        while True:
            first = response = await self._list(profile, None)
            found = msgspec.json.decode(first.content, type=list[Alias])
            while "next" in response.links and response.headers[VERSION] == first.headers[VERSION]:
                cursor = httpx.URL(response.links["next"]["url"]).params["cursor"]
                response = await self._list(profile, cursor)
                found += msgspec.json.decode(response.content, type=list[Alias])
            if response.headers[VERSION] == first.headers[VERSION]:
                return Listing(found, first.headers["ETag"], int(first.headers[VERSION]))

    async def _list(self, profile: str | None, cursor: str | None) -> httpx.Response:
        return await self._transport.send("GET", PATH, query={"profile": profile, "cursor": cursor})

    async def resolve(self, alias: str, profile: str = DEFAULT_PROFILE) -> str:
        """Return the model (or models, separated by commas) that an alias is bound to.

        Raises:
            NotFound: the alias is not bound.
        """
        response = await self._transport.send("GET", f"{PATH}/resolve", query={"alias": alias, "profile": profile})
        return str(msgspec.json.decode(response.content)["model"])

    async def get(self, alias: str, profile: str = DEFAULT_PROFILE) -> Alias | None:
        """Return one alias, or None when it is not bound."""
        try:
            return _decode_alias(await self._transport.send("GET", _alias_path(alias), query={"profile": profile}))
        except NotFound:
            return None

    async def bind(
        self,
        alias: str,
        model: str,
        *,
        profile: str = DEFAULT_PROFILE,
        metadata: Any = None,
        if_match: str | None = None,
        create: bool = False,
    ) -> Alias:
        """Bind an alias: with `if_match` only if its ETag matches, with `create` only if it is not bound.

        Raises:
            PreconditionFailed: the condition does not hold.
        """
        headers = {"If-Match": if_match, "If-None-Match": "*" if create else None}
        body = {"model": model, "profile": profile, "metadata": metadata}
        return _decode_alias(await self._transport.send("PUT", _alias_path(alias), body=body, headers=headers))

    async def delete(self, alias: str, profile: str = DEFAULT_PROFILE, *, if_match: str | None = None) -> bool:
        """Unbind an alias; return False if it was not bound.

        Raises:
            PreconditionFailed: its ETag is not `if_match`.
        """
        response = await self._transport.send(
            "DELETE", _alias_path(alias), query={"profile": profile}, headers={"If-Match": if_match}
        )
        return bool(msgspec.json.decode(response.content)["deleted"])

    async def bulk(
        self,
        bindings: Sequence[Binding],
        profile: str = DEFAULT_PROFILE,
        *,
        replace: bool = False,
        if_match: str | None = None,
    ) -> Updated:
        """Bind all of these aliases or none; with `replace`, the profile becomes exactly this set.

        Raises:
            PreconditionFailed: the ETag of the profile's list is not `if_match`.
        """
        query = {"profile": profile, "replace": replace or None}
        response = await self._transport.send(
            "POST", f"{PATH}/bulk_upsert", query=query, body=list(bindings), headers={"If-Match": if_match}
        )
        return msgspec.json.decode(response.content, type=Updated)

    async def history(self, *, alias: str | None = None, profile: str | None = None) -> AsyncIterator[Change]:
        """Yield changes, newest first, page by page."""
        query: dict[str, Any] = {"alias": alias, "profile": profile, "limit": 500}
        while True:
            response = await self._transport.send("GET", f"{PATH}/history", query=query)
            page = msgspec.json.decode(response.content, type=list[Change])
            for change in page:
                yield change
            if "next" not in response.links:
                return
            query["cursor"] = page[-1].seq

    async def watch(self, *, profile: str | None = None, since: int | None = None) -> AsyncIterator[Change | Ready]:
        """Yield changes as they happen, without end: an interrupted stream is resumed after its last change.

        `since` is the `version` of a listing or the `seq` of a change. Without it, the first item is `Ready`. A later
        `Ready` means that the server cannot list all changes in between (history dropped, database restored): list the
        aliases again.

        Raises:
            Refused: the key has no read access, or was revoked meanwhile.
        """
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                query = {"profile": profile, "last_event_id": since}
                async with self._transport.stream(f"{PATH}/watch", query=query, headers={}) as lines:
                    async for event in read_events(lines):
                        pause = FIRST_PAUSE_SECONDS
                        found = _decode_event(event)
                        since = found.version if isinstance(found, Ready) else found.seq
                        yield found
            except Unreachable:
                pass
            except Refused as error:
                if error.status < 500 and error.status != 429:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, MAX_PAUSE_SECONDS)


def _decode_event(event: ServerEvent) -> Change | Ready:
    if event.name == "ready":
        return msgspec.json.decode(event.data, type=Ready)
    return msgspec.json.decode(event.data, type=Change)


def _alias_path(alias: str) -> str:
    return f"{PATH}/{quote(alias, safe='')}"


def _decode_alias(response: httpx.Response) -> Alias:
    found = msgspec.json.decode(response.content, type=Alias)
    return msgspec.structs.replace(found, etag=response.headers.get("ETag", ""))
