"""A refresh: fetches all files concurrently and merges them into the last valid copy, so that nothing is lost."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from llmring_registry.models import MANIFEST, Copy, File, current_path, read_manifest
from llmring_registry.storage.last_valid import sort_files
from llmring_registry.upstream.client import Upstream, UpstreamError, UpstreamFileNotFound


class Refresh:
    """One refresh from upstream, limited to `seconds`."""

    def __init__(self, upstream: Upstream, configured: Sequence[str], last: Copy, seconds: float) -> None:
        self._upstream = upstream
        self._configured = tuple(configured)
        self._last = last
        self._known: Mapping[str, File] = {} if last.borrowed else last.files
        self._seconds = seconds
        self._fetched: dict[str, File] = {}
        self._failed: dict[str, str] = {}
        self._not_found: set[str] = set()

    @property
    def succeeded(self) -> bool:
        """Whether upstream returned or confirmed any file."""
        return bool(self._fetched)

    async def run(self) -> Copy:
        """Return the new copy: fetched files, and for the others the last valid file and the reason; never raises."""
        deadline = asyncio.get_running_loop().time() + self._seconds
        before = {MANIFEST, *map(current_path, self._list_providers(self._last.manifest))}
        await self._fetch(before, deadline)
        after = set(map(current_path, self._list_providers(self._fetched.get(MANIFEST)))) - before
        await self._fetch(after, deadline)
        return self._result()

    async def _fetch(self, paths: Iterable[str], deadline: float) -> None:
        await asyncio.gather(*(self._fetch_one(path, deadline) for path in sorted(paths)))

    async def _fetch_one(self, path: str, deadline: float) -> None:
        seconds = max(0.0, deadline - asyncio.get_running_loop().time())
        try:
            self._fetched[path] = await self._upstream.fetch(path, seconds, self._known.get(path))
        except UpstreamFileNotFound as error:
            self._not_found.add(path)
            self._failed[path] = str(error)
        except UpstreamError as error:
            self._failed[path] = str(error)

    def _result(self) -> Copy:
        files = sort_files({**self._known, **self._fetched}, self._configured)
        providers = self._list_providers(files.get(MANIFEST))
        paths = {MANIFEST, *map(current_path, providers)}
        failed = {
            path: why for path, why in self._failed.items() if path in paths and not self._is_expected_missing(path)
        }
        missing = tuple(name for name in providers if current_path(name) in failed and current_path(name) not in files)
        copy = Copy(files=files, failed=failed, missing=missing)
        if self._last.borrowed and not copy.providers:
            return msgspec.structs.replace(self._last, failed={**self._last.failed, **failed})
        return copy

    def _list_providers(self, manifest: File | None) -> list[str]:
        """Return all providers to fetch: listed, configured, or in the last valid copy."""
        listed = read_manifest(manifest.body) if manifest else ()
        known = sorted(path.partition("/")[0] for path in self._known if path != MANIFEST)
        return list(dict.fromkeys([*listed, *self._configured, *known]))

    def _is_expected_missing(self, path: str) -> bool:
        """Whether a missing file is expected: upstream has none, never had one, and does not list it."""
        if path not in self._not_found or path in self._known:
            return False
        manifest = self._fetched.get(MANIFEST) or self._known.get(MANIFEST)
        if path == MANIFEST:
            return True
        return manifest is not None and path.partition("/")[0] not in read_manifest(manifest.body)
