"""The alias service for other features: the contract `AliasBook`, on the same tables as the HTTP endpoints."""

from collections.abc import Sequence

import msgspec

from llmring_aliases.models import MAX_SEQ, AliasBinding, AliasHistoryEntry, StoredAlias, Target
from llmring_aliases.tables.reader import AliasReader
from llmring_aliases.tables.writer import AliasWriter, ChangeResult, HistoryExpired, Precondition, PreconditionFailed
from llmring_aliases.validation import validate_target
from llmring_server.contracts.aliases import AliasChange, AliasPage, BoundAlias
from llmring_server.http import codec
from llmring_server.http.errors import Problem

TEXT_DEPTH = 1
CHANGED = "This alias was changed in the meantime."

_binding = msgspec.json.Decoder(AliasBinding)


class AliasService:
    """The aliases of every project; see `AliasBook`."""

    def __init__(self, reader: AliasReader, writer: AliasWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def bindings(self, project: str, search: str = "") -> Sequence[BoundAlias]:
        """Return the aliases of every profile."""
        _check_text(search)
        return await self._reader.bindings(project, search)

    async def find(self, project: str, profile: str, alias: str) -> BoundAlias | None:
        """Return one alias, or None."""
        _check_text(profile, alias)
        stored = await self._reader.get(project, profile, alias)
        return None if stored is None else _to_bound_alias(stored)

    def check(self, *, profile: str, alias: str, model: str) -> None:
        """Refuse an invalid name or model."""
        validate_target(_decode_binding(profile, alias, model))

    async def bind(
        self, project: str, key: str, *, profile: str, alias: str, model: str, seen: int | None
    ) -> BoundAlias:
        """Bind an alias; its metadata is not changed."""
        target = validate_target(_decode_binding(profile, alias, model))
        stored = await self._reader.get(project, target.profile, target.alias)
        if stored is not None:
            target = msgspec.structs.replace(target, metadata=stored.alias.metadata)
        result = await self._apply(project, key, target, seen)
        assert result.alias is not None  # noqa: S101 binding a single target always returns its alias
        return _to_bound_alias(result.alias)

    async def unbind(self, project: str, key: str, *, profile: str, alias: str, seen: int) -> None:
        """Unbind an alias."""
        _check_text(profile, alias)
        await self._apply(project, key, Target(profile, alias), seen)

    async def history(
        self,
        project: str,
        *,
        profile: str | None = None,
        alias: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> AliasPage:
        """Return changes, newest first."""
        _check_text(profile or "", alias or "")
        found = await self._reader.history(project, alias, profile, limit + 1, before)
        changes = await self._to_changes(project, found[:limit])
        return AliasPage(changes, changes[-1].number if len(found) > limit else None)

    async def change(self, project: str, number: int) -> AliasChange | None:
        """Return one change, or None."""
        if not 0 < number < MAX_SEQ:
            return None
        found = await self._reader.history(project, None, None, 1, number + 1)
        changes = await self._to_changes(project, [entry for entry in found if entry.seq == number])
        return changes[0] if changes else None

    async def undo(self, project: str, key: str, number: int) -> AliasChange:
        """Restore the binding that an alias had before a change."""
        change = await self.change(project, number)
        if change is None:
            raise Problem(404, f"The history has no change number {number}.")
        try:
            await self._writer.undo(project, key, number)
        except PreconditionFailed:
            raise Problem(409, f"{CHANGED} Only its latest change can be undone.") from None
        except HistoryExpired:
            raise Problem(
                409, f"The history no longer contains the previous state of alias {change.alias!r}. Bind it again."
            ) from None
        return change

    async def _apply(self, project: str, key: str, target: Target, seen: int | None) -> ChangeResult:
        precondition = Precondition(target.profile, target.alias, lambda number: number == seen)
        try:
            return await self._writer.apply(project, key, [target], precondition=precondition)
        except PreconditionFailed:
            raise Problem(412, f"{CHANGED} Review it and try again.") from None

    async def _to_changes(self, project: str, entries: Sequence[AliasHistoryEntry]) -> list[AliasChange]:
        latest = await self._reader.find_latest(project, [entry.seq for entry in entries]) if entries else set()
        return [_to_change(entry, entry.seq in latest) for entry in entries]


def _decode_binding(profile: str, alias: str, model: str) -> AliasBinding:
    """Return a binding as the HTTP endpoints decode it.

    Raises:
        Problem: 422 for an invalid field.
    """
    _check_text(profile, alias, model)
    return codec.decode(_binding, codec.encode({"profile": profile, "alias": alias, "model": model}))


def _check_text(*texts: str) -> None:
    """Raise the 422 for a text that the database cannot store."""
    codec.check_text(codec.encode(texts), TEXT_DEPTH)


def _to_bound_alias(stored: StoredAlias) -> BoundAlias:
    alias = stored.alias
    return BoundAlias(
        profile=alias.profile,
        alias=alias.alias,
        model=alias.model,
        change=stored.seq,
        updated_at=alias.updated_at,
    )


def _to_change(entry: AliasHistoryEntry, latest: bool) -> AliasChange:
    return AliasChange(
        number=entry.seq,
        profile=entry.profile,
        alias=entry.alias,
        action=entry.action,
        model=entry.model,
        previous_model=entry.previous_model,
        key_id=entry.key_id,
        changed_at=entry.changed_at,
        latest=latest,
    )
