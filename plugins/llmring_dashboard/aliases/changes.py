"""Alias changes: the form, and a page that previews each change and asks to confirm it."""

from typing import Annotated
from urllib.parse import urlencode

import msgspec

from llmring_dashboard.aliases.change_impact import ChangeImpact
from llmring_dashboard.rendering.formatting import format_sentence
from llmring_dashboard.rendering.layout import Layout
from llmring_server.contracts.aliases import AliasBook
from llmring_server.http.errors import Problem
from llmring_server.plugins.pages.views import CsrfForm, view
from llmring_server.plugins.pages.visit import PATH, PageResource, Redirect, TemplateResponse, Visit

ALIASES = f"{PATH}/aliases"
MAX_CHANGE_NUMBER = 2**63 - 1

ChangeNumber = Annotated[int, msgspec.Meta(ge=0, le=MAX_CHANGE_NUMBER)]


class AliasBindQuery(msgspec.Struct, frozen=True):
    """The proposed binding of an alias in a profile."""

    profile: str = "default"
    alias: str = ""
    model: str = ""


class AliasUnbindQuery(msgspec.Struct, frozen=True):
    """An alias in a profile."""

    alias: str
    profile: str = "default"


class AliasUndoQuery(msgspec.Struct, frozen=True):
    """A change in the history."""

    number: ChangeNumber


class AliasBindForm(CsrfForm, frozen=True, kw_only=True):
    """A confirmed binding; `seen` is the number of the latest change shown by the page, None if unbound."""

    profile: str
    alias: str
    model: str
    seen: ChangeNumber | None = None


class AliasUnbindForm(CsrfForm, frozen=True, kw_only=True):
    """A confirmed unbinding; `seen` as in `AliasBindForm`."""

    profile: str
    alias: str
    seen: ChangeNumber


class AliasUndoForm(CsrfForm, frozen=True, kw_only=True):
    """A confirmed undo of a change."""

    number: ChangeNumber


class AliasChangeResource(PageResource):
    """Base class of the resources that change aliases."""

    def __init__(self, layout: Layout, book: AliasBook, impact: ChangeImpact) -> None:
        super().__init__(layout)
        self.book = book
        self.impact = impact

    async def render_form(
        self, query: AliasBindQuery, error: str | None = None, *, bound: bool = False
    ) -> TemplateResponse:
        """Return the form for a binding with a validation error, if any; `bound` when the alias exists."""
        values = {"query": query, "error": error, "bound": bound, "models": await self.impact.list_models()}
        return TemplateResponse("aliases/edit.html", values, 200 if error is None else 422)

    async def render_confirmation(
        self, visit: Visit, profile: str, alias: str, now: str | None, then: str | None, /, **fields: object
    ) -> TemplateResponse:
        """Return the page that asks to confirm a change; `fields` are the fields of its form."""
        summary = await self.impact.summarize(visit.project_id, profile, alias, now, then)
        values = {"profile": profile, "alias": alias, "now": now, "then": then, "summary": summary, "fields": fields}
        return TemplateResponse("aliases/confirm.html", values)


class EditAlias(AliasChangeResource):
    """`/ui/aliases/edit`."""

    @view(query=AliasBindQuery, scope="admin")
    async def on_get(self, visit: Visit, query: AliasBindQuery) -> TemplateResponse:
        """Show the form for a new binding or a change of the model."""
        current = await self.book.find(visit.project_id, query.profile, query.alias) if query.alias else None
        if current is not None and not query.model:
            query = msgspec.structs.replace(query, model=current.model)
        return await self.render_form(query, bound=current is not None)


class BindAlias(AliasChangeResource):
    """`/ui/aliases/bind`."""

    @view(query=AliasBindQuery, scope="admin", errors=(422,))
    async def on_get(self, visit: Visit, query: AliasBindQuery) -> TemplateResponse:
        """Preview a binding and ask to confirm it."""
        query = AliasBindQuery(query.profile.strip(), query.alias.strip(), query.model.strip())
        try:
            self.book.check(profile=query.profile, alias=query.alias, model=query.model)
        except Problem as problem:
            return await self.render_form(query, form_error(problem))
        current = await self.book.find(visit.project_id, query.profile, query.alias)
        if current is not None and current.model == query.model:
            return await self.render_form(query, f"“{query.alias}” already points to {query.model}.", bound=True)
        fields = {**msgspec.to_builtins(query), "seen": current.change if current else ""}
        now = current.model if current else None
        return await self.render_confirmation(visit, query.profile, query.alias, now, query.model, to="bind", **fields)

    @view(form=AliasBindForm, scope="admin", errors=(412, 422))
    async def on_post(self, visit: Visit, form: AliasBindForm) -> Redirect:
        """Bind an alias."""
        bound = await self.book.bind(
            visit.project_id,
            visit.key_id,
            profile=form.profile,
            alias=form.alias,
            model=form.model,
            seen=form.seen,
        )
        return Redirect(ALIASES, f"“{bound.alias}” in profile {bound.profile} now points to {bound.model}.")


class UnbindAlias(AliasChangeResource):
    """`/ui/aliases/unbind`."""

    @view(query=AliasUnbindQuery, scope="admin")
    async def on_get(self, visit: Visit, query: AliasUnbindQuery) -> TemplateResponse:
        """Preview an unbinding and ask to confirm it."""
        current = await self.book.find(visit.project_id, query.profile, query.alias)
        if current is None:
            raise Problem(404, f"Alias {query.alias!r} is not bound in profile {query.profile!r}.")
        fields = {"profile": current.profile, "alias": current.alias, "seen": current.change}
        return await self.render_confirmation(
            visit, current.profile, current.alias, current.model, None, to="unbind", **fields
        )

    @view(form=AliasUnbindForm, scope="admin", errors=(412,))
    async def on_post(self, visit: Visit, form: AliasUnbindForm) -> Redirect:
        """Unbind an alias."""
        await self.book.unbind(visit.project_id, visit.key_id, profile=form.profile, alias=form.alias, seen=form.seen)
        return Redirect(ALIASES, f"“{form.alias}” in profile {form.profile} is unbound.")


class UndoAliasChange(AliasChangeResource):
    """`/ui/aliases/undo`."""

    @view(query=AliasUndoQuery, scope="admin", errors=(409,))
    async def on_get(self, visit: Visit, query: AliasUndoQuery) -> TemplateResponse:
        """Preview the undo of a change and ask to confirm it."""
        change = await self.book.change(visit.project_id, query.number)
        if change is None:
            raise Problem(404, f"The history has no change number {query.number}.")
        if not change.latest:
            raise Problem(409, f"Alias {change.alias!r} has changed since; only its latest change can be undone.")
        now, then = change.model, change.previous_model
        return await self.render_confirmation(
            visit, change.profile, change.alias, now, then, to="undo", number=change.number
        )

    @view(form=AliasUndoForm, scope="admin", errors=(409,))
    async def on_post(self, visit: Visit, form: AliasUndoForm) -> Redirect:
        """Undo a change."""
        change = await self.book.undo(visit.project_id, visit.key_id, form.number)
        state = f"points to {change.previous_model} again" if change.previous_model else "is unbound again"
        return Redirect(
            f"{ALIASES}/history?{urlencode({'alias': change.alias, 'profile': change.profile})}",
            f"“{change.alias}” in profile {change.profile} {state}.",
        )


def form_error(problem: Problem) -> str:
    """Return a problem's description as the form's error message."""
    return format_sentence(str(problem.description).removeprefix("body."))
