"""Aliases for other features: the contract `AliasBook`, over the same store and changes as the JSON calls."""

from collections.abc import Sequence

import msgspec

from llmring_aliases.models import MAX_SEQ, Binding, Entry, Kept, Target
from llmring_aliases.tables.reader import AliasStore
from llmring_aliases.tables.writer import Changes, Condition, Forgotten, Moved, Outcome
from llmring_aliases.validation import checked
from llmring_server.contracts.aliases import AliasChange, AliasPage, BoundAlias
from llmring_server.http import codec
from llmring_server.http.errors import Problem

DEPTH = 1

_binding = msgspec.json.Decoder(Binding)


class ProjectAliases:
    """The aliases of any project; see `AliasBook`."""

    def __init__(self, store: AliasStore, changes: Changes) -> None:
        self._store = store
        self._changes = changes

    async def bindings(self, project: str) -> Sequence[BoundAlias]:
        """Return the aliases of every profile."""
        return [_bound(kept) for kept in (await self._store.load(project, None)).aliases]

    async def find(self, project: str, profile: str, alias: str) -> BoundAlias | None:
        """Return one alias, or None."""
        _check_text(profile, alias)
        kept = await self._store.get(project, profile, alias)
        return None if kept is None else _bound(kept)

    def check(self, *, profile: str, alias: str, model: str) -> None:
        """Refuse a name or a model that cannot be."""
        checked(_read(profile, alias, model))

    async def bind(
        self, project: str, key: str, *, profile: str, alias: str, model: str, seen: int | None
    ) -> BoundAlias:
        """Bind an alias; its metadata stays."""
        target = checked(_read(profile, alias, model))
        kept = await self._store.get(project, target.profile, target.alias)
        if kept is not None:
            target = msgspec.structs.replace(target, metadata=kept.alias.metadata)
        outcome = await self._make(project, key, target, seen)
        assert outcome.alias is not None  # noqa: S101 one target that binds leads to one alias
        return _bound(outcome.alias)

    async def unbind(self, project: str, key: str, *, profile: str, alias: str, seen: int) -> None:
        """Unbind an alias."""
        _check_text(profile, alias)
        await self._make(project, key, Target(profile, alias), seen)

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
        found = await self._store.history(project, alias, profile, limit + 1, before)
        changes = await self._told(project, found[:limit])
        return AliasPage(changes, changes[-1].number if len(found) > limit else None)

    async def change(self, project: str, number: int) -> AliasChange | None:
        """Return one change, or None."""
        if not 0 < number < MAX_SEQ:
            return None
        found = await self._store.history(project, None, None, 1, number + 1)
        changes = await self._told(project, [entry for entry in found if entry.seq == number])
        return changes[0] if changes else None

    async def undo(self, project: str, key: str, number: int) -> AliasChange:
        """Make an alias what it was before a change."""
        change = await self.change(project, number)
        if change is None:
            raise Problem(404, f"the history has no change number {number}")
        try:
            await self._changes.undo(project, key, number)
        except Moved:
            raise Problem(409, f"alias {change.alias!r} has changed since; only its latest change is undone") from None
        except Forgotten:
            raise Problem(
                409, f"what alias {change.alias!r} was before is older than the history kept; bind it anew"
            ) from None
        return change

    async def _make(self, project: str, key: str, target: Target, seen: int | None) -> Outcome:
        condition = Condition(target.profile, target.alias, lambda number: number == seen)
        try:
            return await self._changes.apply(project, key, [target], condition=condition)
        except Moved:
            raise _moved(target) from None

    async def _told(self, project: str, entries: Sequence[Entry]) -> list[AliasChange]:
        standing = await self._store.current_identity(project, [entry.seq for entry in entries]) if entries else set()
        return [_change(entry, entry.seq in standing) for entry in entries]


def _read(profile: str, alias: str, model: str) -> Binding:
    """Return a binding as the JSON calls read it.

    Raises:
        Problem: 422 for a member that does not fit.
    """
    _check_text(profile, alias, model)
    return codec.decode(_binding, codec.encode({"profile": profile, "alias": alias, "model": model}))


def _check_text(*texts: str) -> None:
    """Raise the 422 for a text that the database cannot keep."""
    codec.check_text(codec.encode(texts), DEPTH)


def _moved(target: Target) -> Problem:
    return Problem(
        412, f"alias {target.alias!r} of profile {target.profile!r} has changed since; look at it and decide anew"
    )


def _bound(kept: Kept) -> BoundAlias:
    return BoundAlias(
        profile=kept.alias.profile,
        alias=kept.alias.alias,
        model=kept.alias.model,
        metadata=kept.alias.metadata,
        change=kept.seq,
        updated_at=kept.alias.updated_at,
    )


def _change(entry: Entry, standing: bool) -> AliasChange:
    return AliasChange(
        number=entry.seq,
        profile=entry.profile,
        alias=entry.alias,
        action=entry.action,
        model=entry.model,
        previous_model=entry.previous_model,
        key_id=entry.key_id,
        changed_at=entry.changed_at,
        standing=standing,
    )
