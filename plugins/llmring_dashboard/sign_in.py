"""Signing in with a project key, signing out, and selecting a theme."""

import re
from typing import Literal

import msgspec

from llmring_dashboard.attempts import Attempts
from llmring_dashboard.frame import THEME, Frame, Framed, Visit
from llmring_dashboard.sessions import COOKIE, PATH, drop_cookie, new_session, set_cookie
from llmring_dashboard.views import ARRIVING, Form, Redirect, View, view
from llmring_server.contracts import Identity, Projects
from llmring_server.errors import Problem
from llmring_server.headers import is_person
from llmring_server.projects import CHALLENGE, key_fault

OURS = re.compile(re.escape(PATH) + r"(?:[/?][!-\[\]-~]*)?")  # printable ASCII without a backslash
YEAR_SECONDS = 365 * 86400


class Wanted(msgspec.Struct, frozen=True):
    """The page to show after signing in."""

    next: str | None = None


class SignInForm(Form, frozen=True, kw_only=True):
    """A project key, and the page to show after signing in."""

    key: str | None = None
    next: str | None = None


class ThemeForm(Form, frozen=True, kw_only=True):
    """The light, dark or system theme, and the page to return to."""

    theme: Literal["light", "dark", "system"]
    next: str | None = None


class SignIn(Framed):
    """`/ui/sign-in`."""

    def __init__(self, frame: Frame, projects: Projects, attempts: Attempts) -> None:
        super().__init__(frame)
        self._projects = projects
        self._attempts = attempts

    @view(query=Wanted, scope=None)
    async def on_get(self, visit: Visit, query: Wanted) -> View | Redirect:
        """Show the sign-in form."""
        if visit.identity is not None:
            return Redirect(inside(query.next))
        if visit.crosses_sites:
            return ARRIVING
        self.frame.sessions.write(visit.req, visit.resp, visit.session)
        return _form(query.next)

    @view(form=SignInForm, scope=None, errors=(401, 429))
    async def on_post(self, visit: Visit, form: SignInForm) -> View | Redirect:
        """Exchange a project key for a session."""
        await self._attempts.note(visit.req.remote_addr)
        found = await self._identify(form.key or "")
        if isinstance(found, Identity):
            session = new_session(found.project_id, found.key_id)
            self.frame.sessions.write(visit.req, visit.resp, session)
            return Redirect(inside(form.next))
        if not is_person(visit.req):
            raise Problem(401, found, headers=CHALLENGE)
        visit.resp.set_headers(CHALLENGE)
        return _form(form.next, found, 401)

    async def _identify(self, given: str) -> Identity | str:
        """Return the identity of a key, or an error message."""
        key = given.strip().encode().decode("latin-1")  # the bytes as in a header
        fault = key_fault(key)
        if fault:
            return f"The key {fault}."
        found = await self._projects.identify(key)
        if found is None:
            return "The key is unknown, expired or revoked."
        return found if found.may("read") else "This key has no read access. Use one with the scope “read”."


class SignOut(Framed):
    """`/ui/sign-out`."""

    @view(form=Form, scope=None)
    async def on_post(self, visit: Visit, form: Form) -> Redirect:
        """End the session in this browser."""
        drop_cookie(visit.req, visit.resp, COOKIE)
        return Redirect(f"{PATH}/sign-in", "You have signed out.")


class Theme(Framed):
    """`/ui/theme`."""

    @view(form=ThemeForm, scope=None)
    async def on_post(self, visit: Visit, form: ThemeForm) -> Redirect:
        """Select the theme for this browser."""
        if form.theme == "system":
            drop_cookie(visit.req, visit.resp, THEME)
        else:
            set_cookie(visit.req, visit.resp, THEME, form.theme, YEAR_SECONDS)
        return Redirect(inside(form.next))


class Home(Framed):
    """`/ui`."""

    @view()
    async def on_get(self, visit: Visit) -> View | Redirect:
        """Redirect to the first page, or show that no enabled feature has one."""
        return Redirect(self.frame.navigation[0].path) if self.frame.navigation else View("nothing.html")


class Elsewhere(Framed):
    """Every path below `/ui` without a page."""

    @view()
    async def on_get(self, visit: Visit, page: str) -> None:
        """Respond that there is no such page.

        Raises:
            Problem: 404.
        """
        raise Problem(404, f"There is no page {PATH}/{page}. It may belong to a feature that is not enabled.")


def inside(address: str | None) -> str:
    """Return a URL if it is a page of the dashboard, else the dashboard's root."""
    return address if address and OURS.fullmatch(address) else PATH


def _form(wanted: str | None, fault: str | None = None, status: int = 200) -> View:
    return View("sign_in.html", {"next": inside(wanted), "fault": fault}, status)
