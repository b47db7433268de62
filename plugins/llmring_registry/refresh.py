"""A refresh: fetches all files concurrently and merges them into the last valid copy, so that nothing is lost."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from llmring_registry.copies import in_order
from llmring_registry.models import MANIFEST, Copy, File, current_path, read_manifest
from llmring_registry.upstream import Absent, Upstream, UpstreamError


class Refresh:
    """One refresh from upstream, limited to `seconds`."""

    def __init__(self, upstream: Upstream, configured: Sequence[str], last: Copy, seconds: float) -> None:
        self._upstream = upstream
        self._configured = tuple(configured)
        self._last = last
        self._known: Mapping[str, File] = {} if last.borrowed else last.files
        self._seconds = seconds
        self._got: dict[str, File] = {}
        self._failed: dict[str, str] = {}
        self._absent: set[str] = set()

    @property
    def heard(self) -> bool:
        """Whether upstream returned or confirmed any file."""
        return bool(self._got)

    async def run(self) -> Copy:
        """Return the new copy: fetched files, and for the others the last valid file and the reason; never raises."""
        deadline = asyncio.get_running_loop().time() + self._seconds
        before = {MANIFEST, *map(current_path, self._wanted(self._last.manifest))}
        await self._fetch(before, deadline)
        after = set(map(current_path, self._wanted(self._got.get(MANIFEST)))) - before
        await self._fetch(after, deadline)
        return self._result()

    async def _fetch(self, paths: Iterable[str], deadline: float) -> None:
        await asyncio.gather(*(self._fetch_one(path, deadline) for path in sorted(paths)))

    async def _fetch_one(self, path: str, deadline: float) -> None:
        seconds = max(0.0, deadline - asyncio.get_running_loop().time())
        try:
            self._got[path] = await self._upstream.fetch(path, seconds, self._known.get(path))
        except Absent as error:
            self._absent.add(path)
            self._failed[path] = str(error)
        except UpstreamError as error:
            self._failed[path] = str(error)

    def _result(self) -> Copy:
        files = in_order({**self._known, **self._got}, self._configured)
        wanted = self._wanted(files.get(MANIFEST))
        paths = {MANIFEST, *map(current_path, wanted)}
        failed = {path: why for path, why in self._failed.items() if path in paths and not self._not_offered(path)}
        missing = tuple(name for name in wanted if current_path(name) in failed and current_path(name) not in files)
        copy = Copy(files=files, failed=failed, missing=missing)
        if self._last.borrowed and not copy.providers:
            return msgspec.structs.replace(self._last, failed={**self._last.failed, **failed})
        return copy

    def _wanted(self, manifest: File | None) -> list[str]:
        """Return all providers to fetch: listed, configured, or in the last valid copy."""
        listed = read_manifest(manifest.body) if manifest else ()
        known = sorted(path.partition("/")[0] for path in self._known if path != MANIFEST)
        return list(dict.fromkeys([*listed, *self._configured, *known]))

    def _not_offered(self, path: str) -> bool:
        """Whether a missing file is expected: upstream has none, never had one, and does not list it."""
        if path not in self._absent or path in self._known:
            return False
        manifest = self._got.get(MANIFEST) or self._known.get(MANIFEST)
        if path == MANIFEST:
            return True
        return manifest is not None and path.partition("/")[0] not in read_manifest(manifest.body)
