"""Changing aliases: the form, and for each kind of change a page that says what it means and asks for a yes."""

from typing import Annotated
from urllib.parse import urlencode

import msgspec

from llmring_dashboard.consequences import Consequences
from llmring_dashboard.frame import Frame, Framed, Visit
from llmring_dashboard.sessions import PATH
from llmring_dashboard.views import Form, Redirect, View, view
from llmring_server.contracts.aliases import AliasBook
from llmring_server.errors import Problem

ALIASES = f"{PATH}/aliases"
MAX_NUMBER = 2**63 - 1

Number = Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]


class Wish(msgspec.Struct, frozen=True):
    """What an alias of a profile shall be."""

    profile: str = "default"
    alias: str = ""
    model: str = ""


class Which(msgspec.Struct, frozen=True):
    """One alias of a profile."""

    alias: str
    profile: str = "default"


class Past(msgspec.Struct, frozen=True):
    """One change of the history."""

    number: Number


class BindForm(Form, frozen=True, kw_only=True):
    """A confirmed binding; `seen` is the number of the change that its page showed as the latest, none if unbound."""

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
    """A confirmed undoing of a change."""

    number: Number


class AliasChanging(Framed):
    """What all resources that change aliases are built with."""

    def __init__(self, frame: Frame, book: AliasBook, consequences: Consequences) -> None:
        super().__init__(frame)
        self.book = book
        self.consequences = consequences

    async def form(self, wish: Wish, fault: str | None = None) -> View:
        """Return the form for a binding, with what did not fit."""
        values = {"wish": wish, "fault": fault, "models": await self.consequences.models()}
        return View("alias_edit.html", values, 200 if fault is None else 422)

    async def confirmation(
        self, visit: Visit, profile: str, alias: str, now: str | None, then: str | None, /, **values: object
    ) -> View:
        """Return the page that asks for a yes; `values` are what its form sends."""
        outlook = await self.consequences.outlook(visit.project_id, profile, alias, now, then)
        shown = {"profile": profile, "alias": alias, "now": now, "then": then, "outlook": outlook, "sent": values}
        return View("alias_confirm.html", shown)


class Edit(AliasChanging):
    """`/ui/aliases/edit`."""

    @view(query=Wish, scope="admin")
    async def on_get(self, visit: Visit, query: Wish) -> View:
        """The form for a new binding, or for another model of an alias that is bound."""
        kept = await self.book.find(visit.project_id, query.profile, query.alias) if query.alias else None
        if kept is not None and not query.model:
            query = msgspec.structs.replace(query, model=kept.model)
        return await self.form(query)


class Bind(AliasChanging):
    """`/ui/aliases/bind`."""

    @view(query=Wish, scope="admin", errors=(422,))
    async def on_get(self, visit: Visit, query: Wish) -> View:
        """What a binding would mean, and the question whether to make it."""
        query = Wish(query.profile.strip(), query.alias.strip(), query.model.strip())
        try:
            self.book.check(profile=query.profile, alias=query.alias, model=query.model)
        except Problem as problem:
            return await self.form(query, said(problem))
        kept = await self.book.find(visit.project_id, query.profile, query.alias)
        if kept is not None and kept.model == query.model:
            return await self.form(query, f"{query.alias} is bound to {query.model} already.")
        sent = {**msgspec.to_builtins(query), "seen": kept.change if kept else ""}
        now = kept.model if kept else None
        return await self.confirmation(visit, query.profile, query.alias, now, query.model, to="bind", **sent)

    @view(form=BindForm, scope="admin", errors=(412, 422))
    async def on_post(self, visit: Visit, form: BindForm) -> Redirect:
        """Bind."""
        bound = await self.book.bind(
            visit.project_id,
            visit.session.key_id,
            profile=form.profile,
            alias=form.alias,
            model=form.model,
            seen=form.seen,
        )
        return Redirect(ALIASES, f"{bound.alias} of profile {bound.profile} now points at {bound.model}.")


class Unbind(AliasChanging):
    """`/ui/aliases/unbind`."""

    @view(query=Which, scope="admin")
    async def on_get(self, visit: Visit, query: Which) -> View:
        """What an unbinding would mean, and the question whether to make it."""
        kept = await self.book.find(visit.project_id, query.profile, query.alias)
        if kept is None:
            raise Problem(404, f"alias {query.alias!r} is not bound in profile {query.profile!r}")
        sent = {"profile": kept.profile, "alias": kept.alias, "seen": kept.change}
        return await self.confirmation(visit, kept.profile, kept.alias, kept.model, None, to="unbind", **sent)

    @view(form=UnbindForm, scope="admin", errors=(412,))
    async def on_post(self, visit: Visit, form: UnbindForm) -> Redirect:
        """Unbind."""
        await self.book.unbind(
            visit.project_id, visit.session.key_id, profile=form.profile, alias=form.alias, seen=form.seen
        )
        return Redirect(ALIASES, f"{form.alias} of profile {form.profile} is unbound.")


class Undo(AliasChanging):
    """`/ui/aliases/undo`."""

    @view(query=Past, scope="admin", errors=(409,))
    async def on_get(self, visit: Visit, query: Past) -> View:
        """What undoing a change would mean, and the question whether to do it."""
        change = await self.book.change(visit.project_id, query.number)
        if change is None:
            raise Problem(404, f"the history has no change number {query.number}")
        if not change.standing:
            raise Problem(409, f"alias {change.alias!r} has changed since; only its latest change is undone")
        now, then = change.model, change.previous_model
        return await self.confirmation(visit, change.profile, change.alias, now, then, to="undo", number=change.number)

    @view(form=UndoForm, scope="admin", errors=(409,))
    async def on_post(self, visit: Visit, form: UndoForm) -> Redirect:
        """Undo."""
        change = await self.book.undo(visit.project_id, visit.session.key_id, form.number)
        stands = f"points at {change.previous_model} again" if change.previous_model else "is unbound again"
        return Redirect(
            f"{ALIASES}/history?{urlencode({'alias': change.alias, 'profile': change.profile})}",
            f"{change.alias} of profile {change.profile} {stands}.",
        )


def said(problem: Problem) -> str:
    """Return what did not fit, in the words of the form."""
    return str(problem.description).removeprefix("body.")
