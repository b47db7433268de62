"""Pages, panels and links that other plugins add to the dashboard."""

import asyncio
from functools import partial

import pytest

from llmring_server.app import create_app
from llmring_server.plugin_api import (
    ColumnLink,
    CsrfForm,
    Page,
    PageResource,
    Panel,
    Redirect,
    Route,
    StartupError,
    TemplateResponse,
    view,
)
from llmring_server.settings import Settings
from llmring_server.testing import make_plugin

NOTES = '{% extends "base.html" %}{% block title %}Notes{% endblock %}'
HEADING = "{% block main %}<h1>Notes of {{ visit.project_id }}</h1>"
FORM = '<form method="post" action="/ui/notes">{{ macros.hidden(csrf_token(visit)) }}<button>Add</button></form>'
PAGE = NOTES + HEADING + FORM + "<p id='note'>{{ note }}</p>{% endblock %}"
PANEL = "<p id='figure'>{{ figure }}</p>"


class Notes(PageResource):
    """A page with a form."""

    added = 0

    @view()
    async def on_get(self, visit):
        """Show the page."""
        return TemplateResponse("notes/notes.html", {"note": "<b>one</b>"})

    @view(form=CsrfForm, scope="admin")
    async def on_post(self, visit, form):
        """Add a note."""
        Notes.added += 1
        return Redirect("/ui/notes", "Added.")


class Unprotected(PageResource):
    """A page whose responder is not a view."""

    async def on_get(self, req, resp):
        """Show the page to anyone."""


def notes(layout, resource=Notes, path="/ui/notes"):
    return [Route(path=path, resource=resource(layout))]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "notes.html").write_text(PAGE)
    (tmp_path / "figure.html").write_text(PANEL)
    return tmp_path


@pytest.fixture
def serve(llmring_live, folder):
    """Give a function that serves usage, the dashboard and a plugin with these hooks."""

    def start(**hooks):
        plugin = make_plugin("notes", llmring_templates=lambda: folder, **hooks)
        return llmring_live(["usage", "dashboard", plugin])

    return start


def make_hooks(**hooks):
    return hooks


def with_page(**changes):
    given = {"name": "notes", "title": "Notes", "build_routes": notes, **changes}
    return make_hooks(llmring_pages=lambda server: [Page(**given)])


def panel(load, place="overview"):
    async def ask(visit, subject):
        return await load(subject)

    found = Panel(place=place, title="Figure", template="notes/figure.html", load=ask)
    return make_hooks(llmring_panels=lambda server: [found])


def link(column, url):
    return make_hooks(llmring_column_links=lambda server: [ColumnLink(column=column, url=url, title="Open it")])


def test_a_page_of_a_plugin_has_the_frame_the_navigation_and_the_headers_of_all_pages(serve, visit):
    visitor = visit(serve(**with_page())).sign_in()
    assert [node.text() for node in visitor.page.css("nav[aria-label=Pages] a")] == ["Overview", "Logs", "Notes"]
    visitor.open("/ui/notes")
    assert visitor.heading.startswith("Notes of prj_")
    assert visitor.text("#note") == "<b>one</b>"
    assert "default-src 'none'" in visitor.answer.headers["content-security-policy"]


def test_a_page_of_a_plugin_asks_for_a_session(serve, visit):
    server = serve(**with_page())
    assert visit(server).open("/ui/notes").path == "/ui/sign-in"
    assert server.client().get("/ui/notes").status_code == 401


def test_a_form_of_a_plugin_needs_the_token_of_the_session(serve, visit):
    visitor = visit(serve(**with_page())).sign_in().open("/ui/notes")
    before = Notes.added
    assert visitor.client.post("/ui/notes", data={"csrf": "forged"}).status_code == 403
    assert Notes.added == before
    assert visitor.send("main form").text(".said") == "Added."
    assert Notes.added == before + 1


def test_a_panel_on_the_overview_gets_its_period_and_filters(serve, visit, log):
    async def load(calls):
        return {"figure": f"{calls.start_date} {calls.model}"}

    server = serve(**panel(load))
    log(server, {"timestamp": "2026-11-02T10:00:00Z"})
    visitor = visit(server).sign_in()
    visitor.open("/ui/overview", start_date="2026-11-02", end_date="2026-11-03", model="gpt-5-mini", tz="UTC")
    assert "2026-11-02" in visitor.text("#figure")
    assert "gpt-5-mini" in visitor.text("#figure")


def test_a_panel_on_the_page_of_a_call_gets_the_call(serve, visit, log):
    async def load(entry):
        return {"figure": f"<i>{entry.id}</i>"}

    server = serve(**panel(load, "call"))
    (call,) = log(server, {})
    visitor = visit(server).sign_in().open("/ui/logs")
    visitor.open(visitor.page.css_first("#calls tbody a").attributes["href"])
    assert visitor.text("#figure") == f"<i>{call}</i>"


async def _nothing(subject):
    return None


async def _failure(subject):
    raise RuntimeError("a secret of the implementation")


async def _missing_value(subject):
    return {}


async def _hang(subject):
    await asyncio.Event().wait()


def test_a_panel_with_nothing_to_show_is_left_out(serve, visit, log):
    server = serve(**panel(_nothing))
    log(server, {})
    assert visit(server).sign_in().open("/ui/overview").text(".panel") is None


@pytest.mark.parametrize("load", [_failure, _missing_value, _hang])
def test_a_panel_that_fails_is_announced_on_the_page_and_affects_nothing_else(serve, visit, log, caplog, load):
    server = serve(**panel(load))
    log(server, {})
    visitor = visit(server).sign_in().open("/ui/overview")
    assert visitor.status == 200
    assert "could not be loaded" in visitor.text(".panel")
    assert "secret" not in visitor.answer.text
    assert "plugin 'notes'" in caplog.text


def test_values_of_a_column_link_where_a_plugin_says(serve, visit, log):
    server = serve(**link("origin", "https://tickets.example/{value}?from=llmring"))
    log(server, {"origin": "a/b <c>"})
    visitor = visit(server).sign_in().open("/ui/logs")
    assert visitor.page.css_first("#calls td a").attributes["href"] == (
        "https://tickets.example/a%2Fb%20%3Cc%3E?from=llmring"
    )
    assert visitor.text("#calls td a") == "a/b <c>"


def test_values_of_a_tag_link_on_the_page_of_the_call(serve, visit, log):
    server = serve(**link("tag.customer", "/ui/customers/{value}"))
    log(server, {"tags": {"customer": "acme", "user": "u"}})
    visitor = visit(server).sign_in().open("/ui/logs")
    visitor.open(visitor.page.css_first("#calls tbody a").attributes["href"])
    assert visitor.page.css_first('main a[href="/ui/customers/acme"]').text() == "acme"


FAULTS = {
    "a name with a slash": (with_page(name="a/b"), "the page name 'a/b' is not possible"),
    "a reserved name": (with_page(name="theme"), "the page name 'theme' is not possible"),
    "a built-in page's name": (with_page(name="logs"), "have a page 'logs'; give one of them another name"),
    "a path outside": (
        with_page(build_routes=partial(notes, path="/ui/notesandmore")),
        "the route /ui/notesandmore of the page 'notes' must begin with /ui/notes",
    ),
    "a responder that is not a view": (
        with_page(build_routes=partial(notes, resource=Unprotected)),
        "GET /ui/notes is not declared with @view",
    ),
    "a missing folder": ({"llmring_templates": None}, "which is not a folder"),
    "a missing template": (
        {"llmring_panels": lambda server: [Panel(place="call", title="X", template="x.html", load=_nothing)]},
        "the template 'x.html' of the panel 'X' does not exist",
    ),
    "an unknown column": (link("cost", "/{value}"), "there is no column 'cost'"),
    "a script": (link("model", "javascript:alert({value})"), "must be an http URL or a path"),
    "a link without the value": (link("model", "https://example.com/"), "must be an http URL or a path"),
    "an open host": (link("model", "https://{value}/"), "must be an http URL or a path"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_extension_stops_the_start_with_its_plugin(folder, name):
    hooks, message = FAULTS[name]
    given = {"llmring_templates": lambda: folder, **hooks}
    if given["llmring_templates"] is None:
        given["llmring_templates"] = lambda: folder / "missing"
    plugin = make_plugin("notes", **given)
    with pytest.raises(StartupError) as caught:
        create_app(Settings(plugins=[], database_url="postgresql://nowhere/none"), ["usage", "dashboard", plugin])
    assert message in str(caught.value)
    assert "plugin 'notes'" in str(caught.value)
    assert "\n" not in str(caught.value)
