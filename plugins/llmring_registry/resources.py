"""The registry over HTTP: composed, archived, and as a mirror of upstream's files."""

from typing import Any

import falcon
import falcon.asgi
import msgspec

from llmring_registry.archive import Archive
from llmring_registry.models import MANIFEST, current_path, is_provider
from llmring_registry.registry import NoCopy, Registry
from llmring_registry.snapshot import ComposedRegistry, Page, Snapshot, Unknown
from llmring_registry.upstream import UpstreamError
from llmring_server.errors import Problem, Unavailable
from llmring_server.operations import operation
from llmring_server.wire import decode_query

IMMUTABLE = "public, max-age=31536000, immutable"
STALE = '110 - "Response is Stale"'
NOT_MODIFIED = falcon.HTTP_304


class Filters(msgspec.Struct, frozen=True):
    """`?providers=&capabilities=`, each a list by comma; a model must have every capability named."""

    providers: str | None = None
    capabilities: str | None = None


class Models:
    """`/registry`: every model of every provider in one document."""

    def __init__(self, registry: Registry, cache_seconds: int) -> None:
        self._registry = registry
        self._cache_control = f"public, max-age={cache_seconds}"

    @operation(query=Filters, answer=ComposedRegistry, headers=("If-None-Match",), errors=(304,), plain=True)
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """The models of all providers, or of some.

        Entries are upstream's own. A copy that upstream could not confirm comes with `Warning: 110` and `Age`; one
        that lacks a provider with `Warning: 199`.
        """
        query = decode_query(req, Filters)
        snapshot = self._registry.current() or await ready(self._registry)
        page = snapshot.page
        if query.providers is not None or query.capabilities is not None:
            page = self._filter(snapshot, _names(query.providers), _names(query.capabilities))
        _warn(resp, self._registry.stale_age(), self._registry.copy.missing)
        send(req, resp, page, self._cache_control)

    def _filter(self, snapshot: Snapshot, providers: list[str], capabilities: list[str]) -> Page:
        missing = set(providers) & set(self._registry.copy.missing)
        if missing:
            raise Unavailable(f"upstream has not given the file of {', '.join(sorted(missing))} yet; try again shortly")
        try:
            return snapshot.filtered(providers, capabilities)
        except Unknown as error:
            raise Problem.misfit("query", error.field, msg=str(error)) from error


class Versions:
    """`/registry/v/{version}/registry.json`: the registry as it once was."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    @operation(answer=ComposedRegistry, headers=("If-None-Match",), errors=(304, 404))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, version: str) -> None:
        """A composed registry by its version; it never changes."""
        page = await self._archive.version(version)
        if page is None:
            raise Problem(404, f"no registry of version {version!r} was composed here; see /registry for the current")
        send(req, resp, page, IMMUTABLE)


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
            raise Problem(404, "a provider's name is of a–z 0–9 _ -")
        await self._send_current(req, resp, current_path(provider))

    @operation(answer=dict[str, Any], headers=("If-None-Match",), errors=(304, 404))
    async def on_get_archived(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, provider: str, number: str
    ) -> None:
        """A provider's archived file, by its number; fetched from upstream when first asked for, then kept."""
        try:
            file = await self._archive.file(provider, number)
        except UpstreamError as error:
            raise Unavailable(f"upstream does not give this file ({error}), and it is not kept here") from error
        if file is None:
            raise Problem(404, f"upstream has no version {number!r} of provider {provider!r}")
        send(req, resp, Page(file.body, f'"{file.sha256}"'), IMMUTABLE)

    async def _send_current(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, path: str) -> None:
        if self._registry.current() is None and path not in self._registry.copy.files:
            await ready(self._registry)
        copy = self._registry.copy
        file = copy.files.get(path)
        if file is None and path in copy.failed:
            raise Unavailable(f"upstream has not given {path} yet ({copy.failed[path]}); try again shortly")
        if file is None:
            raise Problem(404, f"{path} is not in this registry; its providers: {', '.join(copy.providers)}")
        _warn(resp, self._registry.stale_age(path), ())
        send(req, resp, Page(file.body, f'"{file.sha256}"'), self._cache_control)


async def ready(registry: Registry) -> Snapshot:
    """Return the snapshot, or raise the 503 that says why there is none."""
    try:
        return await registry.ready()
    except NoCopy as error:
        raise Unavailable(f"there is no copy of the registry yet ({error}); try again shortly") from error


def send(req: falcon.asgi.Request, resp: falcon.asgi.Response, page: Page, cache_control: str) -> None:
    """Answer with a page, or with 304 when the client has it already."""
    resp.set_header("ETag", page.etag)
    resp.set_header("Cache-Control", cache_control)
    given = req.get_header("If-None-Match")
    if given is not None and matches(given, page.etag):
        resp.status = NOT_MODIFIED
    else:
        resp.data = page.body


def matches(given: str, etag: str) -> bool:
    """Whether `If-None-Match` names this ETag, by weak comparison (RFC 9110 §13.1.2)."""
    if given == etag:
        return True
    tags = (tag.strip() for tag in given.split(","))
    return any(tag == "*" or tag.removeprefix("W/") == etag for tag in tags)


def _names(value: str | None) -> list[str]:
    """Read a list by comma."""
    return [part.strip() for part in (value or "").split(",") if part.strip()]


def _warn(resp: falcon.asgi.Response, age: int | None, missing: tuple[str, ...]) -> None:
    """Say that the copy is stale, with its age in seconds, and which providers it lacks."""
    warnings = []
    if age is not None:
        resp.set_header("Age", str(age))
        warnings.append(STALE)
    if missing:
        warnings.append(f'199 - "No copy of: {", ".join(missing)}"')
    if warnings:
        resp.set_header("Warning", ", ".join(warnings))
