"""The contract of aliases: the current bindings, changes on behalf of a key, and the history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

import msgspec

MAX_BINDINGS = 20_000


class BoundAlias(msgspec.Struct, frozen=True, kw_only=True):
    """A bound alias; `model` is one `provider:model` or a comma-separated list of them, best first.

    `change` is the number of its latest change; times are UTC.
    """

    profile: str
    alias: str
    model: str
    change: int
    updated_at: datetime


class AliasChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the history: the new and the previous model, the key that made the change, and the time (UTC).

    `number` numbers a project's changes in order. Only the `latest` change of an alias can be undone.
    """

    number: int
    profile: str
    alias: str
    action: Literal["bind", "unbind"]
    model: str | None
    previous_model: str | None
    key_id: str
    changed_at: datetime
    latest: bool


class AliasPage(msgspec.Struct, frozen=True):
    """A page of changes, newest first; `next` is the `before` of the next page, None on the last."""

    changes: Sequence[AliasChange]
    next: int | None


class AliasResolution(msgspec.Struct, frozen=True, kw_only=True):
    """An alias that a key is resolving, and its model (`provider:model`)."""

    project_id: str
    key_id: str
    profile: str
    alias: str
    model: str


@runtime_checkable
class AliasBook(Protocol):
    """A project's aliases, with the same validation, preconditions, history and events as the HTTP API."""

    async def bindings(self, project: str, search: str = "") -> Sequence[BoundAlias]:
        """Return the aliases of every profile, sorted by profile and alias: at most the first `MAX_BINDINGS` by alias.

        `search` is a part of a name or a model, in any case; an alias that matches in one profile is returned in all.
        """
        ...

    async def find(self, project: str, profile: str, alias: str) -> BoundAlias | None:
        """Return one alias, or None when it is not bound."""
        ...

    def check(self, *, profile: str, alias: str, model: str) -> None:
        """Validate the arguments of `bind` without I/O.

        Raises:
            Problem: 422 for an invalid name or model.
        """
        ...

    async def bind(
        self, project: str, key: str, *, profile: str, alias: str, model: str, seen: int | None
    ) -> BoundAlias:
        """Bind an alias on behalf of the key of that id; its metadata stays.

        `seen` is the number of the latest change known to the caller, None for an unbound alias.

        Raises:
            Problem: 422 for an invalid name or model, 412 when the alias has changed since.
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
        """Return changes numbered below `before`, newest first; None means all profiles, all aliases, the newest."""
        ...

    async def change(self, project: str, number: int) -> AliasChange | None:
        """Return one change, or None when this project's history has none of that number."""
        ...

    async def undo(self, project: str, key: str, number: int) -> AliasChange:
        """Restore an alias to its state before a change, on behalf of the key of that id; return the undone change.

        Raises:
            Problem: 404 for an unknown change, 409 when the alias has changed since or its previous state is no longer
                stored.
        """
        ...
