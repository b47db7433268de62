"""Signing in with a project key, signing out, and selecting a theme."""

import re
from typing import Literal

import msgspec

from llmring_dashboard.rendering.layout import CROSS_SITE_RELOAD, Layout, session_of
from llmring_dashboard.session.sessions import SESSION_COOKIE, create_session, delete_cookie, set_cookie
from llmring_dashboard.sign_in.login_throttle import LoginThrottle
from llmring_server.contracts import Authenticator, Identity
from llmring_server.http.codec import prefers_html
from llmring_server.http.errors import Problem
from llmring_server.http.middleware.authentication import CHALLENGE, key_fault
from llmring_server.plugins.pages.views import CsrfForm, view
from llmring_server.plugins.pages.visit import PATH, THEME, PageResource, Redirect, TemplateResponse, Visit

DASHBOARD_URL = re.compile(re.escape(PATH) + r"(?:[/?][!-\[\]-~]*)?")  # printable ASCII without a backslash
YEAR_SECONDS = 365 * 86400


class SignInQuery(msgspec.Struct, frozen=True):
    """The page to show after signing in."""

    next: str | None = None


class SignInForm(CsrfForm, frozen=True, kw_only=True):
    """A project key, and the page to show after signing in."""

    key: str | None = None
    next: str | None = None


class ThemeForm(CsrfForm, frozen=True, kw_only=True):
    """The light, dark or system theme, and the page to return to."""

    theme: Literal["light", "dark", "system"]
    next: str | None = None


class SignIn(PageResource):
    """`/ui/sign-in`."""

    def __init__(self, layout: Layout, projects: Authenticator, throttle: LoginThrottle) -> None:
        super().__init__(layout)
        self._layout = layout
        self._projects = projects
        self._throttle = throttle

    @view(query=SignInQuery, scope=None)
    async def on_get(self, visit: Visit, query: SignInQuery) -> TemplateResponse | Redirect:
        """Show the sign-in form."""
        if visit.identity is not None:
            return Redirect(sanitize_next(query.next))
        if visit.is_cross_site:
            return CROSS_SITE_RELOAD
        self._layout.sessions.save(visit.req, visit.resp, session_of(visit))
        return _show_form(query.next)

    @view(form=SignInForm, scope=None, errors=(401, 429))
    async def on_post(self, visit: Visit, form: SignInForm) -> TemplateResponse | Redirect:
        """Exchange a project key for a session."""
        await self._throttle.count(visit.req.remote_addr)
        found = await self._identify(form.key or "")
        if isinstance(found, Identity):
            session = create_session(found.project_id, found.key_id)
            self._layout.sessions.save(visit.req, visit.resp, session)
            return Redirect(sanitize_next(form.next))
        if not prefers_html(visit.req):
            raise Problem(401, found, headers=CHALLENGE)
        visit.resp.set_headers(CHALLENGE)
        return _show_form(form.next, found, 401)

    async def _identify(self, given: str) -> Identity | str:
        """Return the identity of a key, or an error message."""
        key = given.strip().encode().decode("latin-1")  # the bytes as in a header
        error = key_fault(key)
        if error:
            return f"The key {error}."
        found = await self._projects.identify(key)
        if found is None:
            return "The key is unknown, expired or revoked."
        return found if found.may("read") else "This key has no read access. Use one with the scope “read”."


class SignOut(PageResource):
    """`/ui/sign-out`."""

    @view(form=CsrfForm, scope=None)
    async def on_post(self, visit: Visit, form: CsrfForm) -> Redirect:
        """End the session in this browser."""
        delete_cookie(visit.req, visit.resp, SESSION_COOKIE)
        return Redirect(f"{PATH}/sign-in", "You have signed out.")


class Theme(PageResource):
    """`/ui/theme`."""

    @view(form=ThemeForm, scope=None)
    async def on_post(self, visit: Visit, form: ThemeForm) -> Redirect:
        """Select the theme for this browser."""
        if form.theme == "system":
            delete_cookie(visit.req, visit.resp, THEME)
        else:
            set_cookie(visit.req, visit.resp, THEME, form.theme, YEAR_SECONDS)
        return Redirect(sanitize_next(form.next))


class Home(PageResource):
    """`/ui`."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self._layout = layout

    @view()
    async def on_get(self, visit: Visit) -> TemplateResponse | Redirect:
        """Redirect to the first page, or show that no enabled feature has one."""
        return (
            Redirect(self._layout.navigation[0].path) if self._layout.navigation else TemplateResponse("no_pages.html")
        )


class UnknownPage(PageResource):
    """Every path below `/ui` without a page."""

    @view()
    async def on_get(self, visit: Visit, page: str) -> None:
        """Respond that there is no such page.

        Raises:
            Problem: 404.
        """
        raise Problem(404, f"There is no page {PATH}/{page}. It may belong to a feature that is not enabled.")


def sanitize_next(url: str | None) -> str:
    """Return a URL if it is a page of the dashboard, else the dashboard's root."""
    return url if url and DASHBOARD_URL.fullmatch(url) else PATH


def _show_form(next_url: str | None, error: str | None = None, status: int = 200) -> TemplateResponse:
    return TemplateResponse("sign_in.html", {"next": sanitize_next(next_url), "error": error}, status)
