"""What a feature may ask of aliases: how they stand, changing them on a key's behalf, and their history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

import msgspec


class BoundAlias(msgspec.Struct, frozen=True, kw_only=True):
    """An alias as it stands; `model` is one `provider:model` or several by comma, best first.

    `change` is the number of the change that made it so. `metadata` is JSON as it was sent; times are UTC.
    """

    profile: str
    alias: str
    model: str
    metadata: msgspec.Raw
    change: int
    updated_at: datetime


class AliasChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the history: what an alias was bound to, by which key, when (UTC).

    `number` numbers a project's changes in order. A `standing` change is the latest of its alias: it can be undone.
    """

    number: int
    profile: str
    alias: str
    action: Literal["bind", "unbind"]
    model: str | None
    previous_model: str | None
    key_id: str
    changed_at: datetime
    standing: bool


class AliasPage(msgspec.Struct, frozen=True):
    """Some changes, newest first; `next` is the `before` of the page that follows, None on the last."""

    changes: Sequence[AliasChange]
    next: int | None


@runtime_checkable
class AliasBook(Protocol):
    """A project's aliases, read and changed as the JSON calls do: the same checks, conditions, history and events."""

    async def bindings(self, project: str) -> Sequence[BoundAlias]:
        """Return the aliases of every profile as they stand, sorted by profile and alias."""
        ...

    async def find(self, project: str, profile: str, alias: str) -> BoundAlias | None:
        """Return one alias, or None when it is not bound."""
        ...

    def check(self, *, profile: str, alias: str, model: str) -> None:
        """Refuse what `bind` would refuse whatever stands now; without I/O.

        Raises:
            Problem: 422 for a name or a model that cannot be.
        """
        ...

    async def bind(
        self, project: str, key: str, *, profile: str, alias: str, model: str, seen: int | None
    ) -> BoundAlias:
        """Bind an alias on behalf of the key of that id; what metadata it has, it keeps.

        `seen` is the number of the change that whoever decided this has seen as the latest, None for an unbound alias.

        Raises:
            Problem: 422 for a name or a model that cannot be, 412 when the alias has changed since.
        """
        ...

    async def unbind(self, project: str, key: str, *, profile: str, alias: str, seen: int) -> None:
        """Unbind an alias on behalf of the key of that id.

        Raises:
            Problem: 412 when the alias has changed since change number `seen`.
        """
        ...

    async def history(
        self,
        project: str,
        *,
        profile: str | None = None,
        alias: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> AliasPage:
        """Return changes numbered below `before`, newest first; None means of every profile, every alias, from now."""
        ...

    async def change(self, project: str, number: int) -> AliasChange | None:
        """Return one change, or None when this project's history has none of that number."""
        ...

    async def undo(self, project: str, key: str, number: int) -> AliasChange:
        """Make an alias what it was before a change, on behalf of the key of that id; return the change undone.

        Raises:
            Problem: 404 for a change that the history does not have, 409 when the alias has changed since, or when
                what it was before is not known any more.
        """
        ...
