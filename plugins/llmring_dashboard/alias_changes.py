"""Alias changes: the form, and a page that previews each change and asks to confirm it."""

from typing import Annotated
from urllib.parse import urlencode

import msgspec

from llmring_dashboard.consequences import Consequences
from llmring_dashboard.frame import Frame, Framed, Visit
from llmring_dashboard.sessions import PATH
from llmring_dashboard.views import Form, Redirect, View, view
from llmring_dashboard.wording import sentence
from llmring_server.contracts.aliases import AliasBook
from llmring_server.errors import Problem

ALIASES = f"{PATH}/aliases"
MAX_NUMBER = 2**63 - 1

Number = Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]


class Wish(msgspec.Struct, frozen=True):
    """The proposed binding of an alias in a profile."""

    profile: str = "default"
    alias: str = ""
    model: str = ""


class Which(msgspec.Struct, frozen=True):
    """An alias in a profile."""

    alias: str
    profile: str = "default"


class Past(msgspec.Struct, frozen=True):
    """A change in the history."""

    number: Number


class BindForm(Form, frozen=True, kw_only=True):
    """A confirmed binding; `seen` is the number of the latest change shown by the page, None if unbound."""

    profile: str
    alias: str
    model: str
    seen: Number | None = None


class UnbindForm(Form, frozen=True, kw_only=True):
    """A confirmed unbinding; `seen` as in `BindForm`."""

    profile: str
    alias: str
    seen: Number


class UndoForm(Form, frozen=True, kw_only=True):
    """A confirmed undo of a change."""

    number: Number


class AliasChanging(Framed):
    """Base class of the resources that change aliases."""

    def __init__(self, frame: Frame, book: AliasBook, consequences: Consequences) -> None:
        super().__init__(frame)
        self.book = book
        self.consequences = consequences

    async def form(self, wish: Wish, fault: str | None = None, *, bound: bool = False) -> View:
        """Return the form for a binding with a validation error, if any; `bound` when the alias exists."""
        values = {"wish": wish, "fault": fault, "bound": bound, "models": await self.consequences.models()}
        return View("alias_edit.html", values, 200 if fault is None else 422)

    async def confirmation(
        self, visit: Visit, profile: str, alias: str, now: str | None, then: str | None, /, **values: object
    ) -> View:
        """Return the page that asks to confirm a change; `values` are the fields of its form."""
        outlook = await self.consequences.outlook(visit.project_id, profile, alias, now, then)
        shown = {"profile": profile, "alias": alias, "now": now, "then": then, "outlook": outlook, "sent": values}
        return View("alias_confirm.html", shown)


class Edit(AliasChanging):
    """`/ui/aliases/edit`."""

    @view(query=Wish, scope="admin")
    async def on_get(self, visit: Visit, query: Wish) -> View:
        """Show the form for a new binding or a change of the model."""
        kept = await self.book.find(visit.project_id, query.profile, query.alias) if query.alias else None
        if kept is not None and not query.model:
            query = msgspec.structs.replace(query, model=kept.model)
        return await self.form(query, bound=kept is not None)


class Bind(AliasChanging):
    """`/ui/aliases/bind`."""

    @view(query=Wish, scope="admin", errors=(422,))
    async def on_get(self, visit: Visit, query: Wish) -> View:
        """Preview a binding and ask to confirm it."""
        query = Wish(query.profile.strip(), query.alias.strip(), query.model.strip())
        try:
            self.book.check(profile=query.profile, alias=query.alias, model=query.model)
        except Problem as problem:
            return await self.form(query, said(problem))
        kept = await self.book.find(visit.project_id, query.profile, query.alias)
        if kept is not None and kept.model == query.model:
            return await self.form(query, f"“{query.alias}” already points to {query.model}.", bound=True)
        sent = {**msgspec.to_builtins(query), "seen": kept.change if kept else ""}
        now = kept.model if kept else None
        return await self.confirmation(visit, query.profile, query.alias, now, query.model, to="bind", **sent)

    @view(form=BindForm, scope="admin", errors=(412, 422))
    async def on_post(self, visit: Visit, form: BindForm) -> Redirect:
        """Bind an alias."""
        bound = await self.book.bind(
            visit.project_id,
            visit.session.key_id,
            profile=form.profile,
            alias=form.alias,
            model=form.model,
            seen=form.seen,
        )
        return Redirect(ALIASES, f"“{bound.alias}” in profile {bound.profile} now points to {bound.model}.")


class Unbind(AliasChanging):
    """`/ui/aliases/unbind`."""

    @view(query=Which, scope="admin")
    async def on_get(self, visit: Visit, query: Which) -> View:
        """Preview an unbinding and ask to confirm it."""
        kept = await self.book.find(visit.project_id, query.profile, query.alias)
        if kept is None:
            raise Problem(404, f"Alias {query.alias!r} is not bound in profile {query.profile!r}.")
        sent = {"profile": kept.profile, "alias": kept.alias, "seen": kept.change}
        return await self.confirmation(visit, kept.profile, kept.alias, kept.model, None, to="unbind", **sent)

    @view(form=UnbindForm, scope="admin", errors=(412,))
    async def on_post(self, visit: Visit, form: UnbindForm) -> Redirect:
        """Unbind an alias."""
        await self.book.unbind(
            visit.project_id, visit.session.key_id, profile=form.profile, alias=form.alias, seen=form.seen
        )
        return Redirect(ALIASES, f"“{form.alias}” in profile {form.profile} is unbound.")


class Undo(AliasChanging):
    """`/ui/aliases/undo`."""

    @view(query=Past, scope="admin", errors=(409,))
    async def on_get(self, visit: Visit, query: Past) -> View:
        """Preview the undo of a change and ask to confirm it."""
        change = await self.book.change(visit.project_id, query.number)
        if change is None:
            raise Problem(404, f"The history has no change number {query.number}.")
        if not change.standing:
            raise Problem(409, f"Alias {change.alias!r} has changed since; only its latest change can be undone.")
        now, then = change.model, change.previous_model
        return await self.confirmation(visit, change.profile, change.alias, now, then, to="undo", number=change.number)

    @view(form=UndoForm, scope="admin", errors=(409,))
    async def on_post(self, visit: Visit, form: UndoForm) -> Redirect:
        """Undo a change."""
        change = await self.book.undo(visit.project_id, visit.session.key_id, form.number)
        state = f"points to {change.previous_model} again" if change.previous_model else "is unbound again"
        return Redirect(
            f"{ALIASES}/history?{urlencode({'alias': change.alias, 'profile': change.profile})}",
            f"“{change.alias}” in profile {change.profile} {state}.",
        )


def said(problem: Problem) -> str:
    """Return a problem's description as the form's error message."""
    return sentence(str(problem.description).removeprefix("body."))
