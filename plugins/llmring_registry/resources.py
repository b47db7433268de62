"""The registry over HTTP: composed, archived, and as a mirror of upstream's files."""

from typing import Any

import falcon
import falcon.asgi
import msgspec

from llmring_registry.archive import Archive
from llmring_registry.composed.snapshot import ComposedRegistry, Page, Snapshot, UnknownName
from llmring_registry.models import MANIFEST, current_path, is_provider
from llmring_registry.registry import NoRegistry, Registry
from llmring_registry.upstream.client import UpstreamError
from llmring_server.http.errors import Problem, Unavailable
from llmring_server.http.operations import operation
from llmring_server.http.query import decode_query

IMMUTABLE = "public, max-age=31536000, immutable"
STALE = '110 - "Response is Stale"'
NOT_MODIFIED = falcon.HTTP_304


class RegistryFilters(msgspec.Struct, frozen=True):
    """`?providers=&capabilities=`, both comma-separated; a model must have all capabilities."""

    providers: str | None = None
    capabilities: str | None = None


class Models:
    """`/registry`: all models of all providers in one document."""

    def __init__(self, registry: Registry, cache_seconds: int) -> None:
        self._registry = registry
        self._cache_control = f"public, max-age={cache_seconds}"

    @operation(
        query=RegistryFilters,
        answer=ComposedRegistry,
        headers=("If-None-Match",),
        errors=(304,),
        plain=True,
    )
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """The models of all providers, or of some.

        Entries are as upstream returns them. A copy not confirmed by upstream has `Warning: 110` and `Age`; one without
        a provider has `Warning: 199`.
        """
        query = decode_query(req, RegistryFilters)
        snapshot = self._registry.current() or await wait_until_ready(self._registry)
        page = snapshot.page
        if query.providers is not None or query.capabilities is not None:
            page = self._filter(snapshot, _split_names(query.providers), _split_names(query.capabilities))
        _warn(resp, self._registry.stale_age(), self._registry.copy.missing)
        send_page(req, resp, page, self._cache_control)

    def _filter(self, snapshot: Snapshot, providers: list[str], capabilities: list[str]) -> Page:
        missing = set(providers) & set(self._registry.copy.missing)
        if missing:
            raise Unavailable(f"No price list yet for {', '.join(sorted(missing))}. Try again shortly.")
        try:
            return snapshot.filter(providers, capabilities)
        except UnknownName as error:
            raise Problem.validation("query", error.field, msg=str(error)) from error


class Versions:
    """`/registry/v/{version}/registry.json`: an earlier version of the registry."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    @operation(answer=ComposedRegistry, headers=("If-None-Match",), errors=(304, 404))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, version: str) -> None:
        """A composed registry by its version, immutable."""
        page = await self._archive.version(version)
        if page is None:
            raise Problem(404, f"There is no registry version {version!r}. See /registry for the current one.")
        send_page(req, resp, page, IMMUTABLE)


class Mirror:
    """Upstream's own files, byte for byte, so that a client's `registry_url` can be `/registry` of this server."""

    def __init__(self, registry: Registry, archive: Archive, cache_seconds: int) -> None:
        self._registry = registry
        self._archive = archive
        self._cache_control = f"public, max-age={cache_seconds}"

    @operation(answer=dict[str, Any], headers=("If-None-Match",), errors=(304, 404))
    async def on_get_manifest(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Upstream's manifest."""
        await self._send_current(req, resp, MANIFEST)

    @operation(answer=dict[str, Any], headers=("If-None-Match",), errors=(304, 404))
    async def on_get_provider(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, provider: str) -> None:
        """A provider's current file."""
        if not is_provider(provider):
            raise Problem(404, "A provider name has only the characters a–z, 0–9, _ and -.")
        await self._send_current(req, resp, current_path(provider))

    @operation(answer=dict[str, Any], headers=("If-None-Match",), errors=(304, 404))
    async def on_get_archived(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, provider: str, number: str
    ) -> None:
        """A provider's archived file by its number; fetched from upstream on the first request, then stored."""
        try:
            file = await self._archive.file(provider, number)
        except UpstreamError as error:
            raise Unavailable(f"Upstream does not return this file ({error}), and it is not stored here.") from error
        if file is None:
            raise Problem(404, f"Upstream has no version {number!r} of provider {provider!r}.")
        send_page(req, resp, Page(file.body, f'"{file.sha256}"'), IMMUTABLE)

    async def _send_current(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, path: str) -> None:
        if self._registry.current() is None and path not in self._registry.copy.files:
            await wait_until_ready(self._registry)
        copy = self._registry.copy
        file = copy.files.get(path)
        if file is None and path in copy.failed:
            raise Unavailable(f"Upstream has not returned {path} yet ({copy.failed[path]}). Try again shortly.")
        if file is None:
            raise Problem(404, f"{path} is not in this registry. Its providers: {', '.join(copy.providers)}.")
        _warn(resp, self._registry.stale_age(path), ())
        send_page(req, resp, Page(file.body, f'"{file.sha256}"'), self._cache_control)


async def wait_until_ready(registry: Registry) -> Snapshot:
    """Return the snapshot, or raise 503 with the reason."""
    try:
        return await registry.ready()
    except NoRegistry as error:
        raise Unavailable(f"No price list yet: the registry cannot be reached ({error}). Try again shortly.") from error


def send_page(req: falcon.asgi.Request, resp: falcon.asgi.Response, page: Page, cache_control: str) -> None:
    """Respond with a page, or with 304 if the client has it already."""
    resp.set_header("ETag", page.etag)
    resp.set_header("Cache-Control", cache_control)
    given = req.get_header("If-None-Match")
    if given is not None and etag_matches(given, page.etag):
        resp.status = NOT_MODIFIED
    else:
        resp.data = page.body


def etag_matches(given: str, etag: str) -> bool:
    """Whether `If-None-Match` includes this ETag, by weak comparison (RFC 9110 §13.1.2)."""
    if given == etag:
        return True
    tags = (tag.strip() for tag in given.split(","))
    return any(tag == "*" or tag.removeprefix("W/") == etag for tag in tags)


def _split_names(value: str | None) -> list[str]:
    """Parse a comma-separated list."""
    return [part.strip() for part in (value or "").split(",") if part.strip()]


def _warn(resp: falcon.asgi.Response, age: int | None, missing: tuple[str, ...]) -> None:
    """Add warnings for a stale copy, with its age in seconds, and for missing providers."""
    warnings = []
    if age is not None:
        resp.set_header("Age", str(age))
        warnings.append(STALE)
    if missing:
        warnings.append(f'199 - "No copy of: {", ".join(missing)}"')
    if warnings:
        resp.set_header("Warning", ", ".join(warnings))
