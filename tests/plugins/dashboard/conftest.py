"""The dashboard on a real server, and visitors of it."""

import jinja2
import pytest
from browser_kit import Window, axe, chromium, running
from dashboard_kit import ASKED, MANY_SIGN_INS, Browser, Visitor


@pytest.fixture(scope="session", autouse=True)
def _templates_compiled_once():
    """Compile each template once a run: every application has the same, and a page takes less time than its own."""
    original, compiled = jinja2.Environment.compile, {}

    def compile_once(environment, *template):
        if template not in compiled:
            compiled[template] = original(environment, *template)
        return compiled[template]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", compile_once)
        yield


@pytest.fixture
def dashboard(start_server):
    """Give a function that serves the dashboard, with usage alone unless other plugins are named."""

    def serve(*plugins, **tables):
        tables["dashboard"] = {**MANY_SIGN_INS, **tables.get("dashboard", {})}
        found = start_server(["dashboard", *(plugins or ("usage",))], **tables)
        return found.with_keys("") if "keys" in plugins else found

    return serve


@pytest.fixture
def server(dashboard):
    return dashboard()


@pytest.fixture
def visit():
    """Give a function that opens a browser at a server."""
    return lambda server, **headers: Visitor(server.client(None, **ASKED, **headers), server.key)


@pytest.fixture
def visitor(server, visit):
    """A browser that has signed in."""
    return visit(server).sign_in()


@pytest.fixture
def log():
    """Log calls for a project, each given as changes to a plain one, and return their ids."""

    def send(server, *calls, key="test-project"):
        plain = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100}
        answer = server.client(key).post("/api/v1/log/batch", json=[plain | call for call in calls])
        assert answer.json()["accepted"] == len(calls), answer.text
        return [result["log_id"] for result in answer.json()["results"]]

    return send


@pytest.fixture
def browse(visit):
    """Give a function that opens a browser at a server, signed in with a key unless that is None."""
    return lambda server, key="one": Browser(visit(server).sign_in(key) if key else visit(server))


@pytest.fixture(scope="module")
def browser():
    """A real browser, of which each window is one visitor."""
    with running(chromium()) as found:
        yield found


@pytest.fixture(scope="module")
def axe_source(tmp_path_factory):
    """The script that holds a page to WCAG."""
    return axe(tmp_path_factory.mktemp("axe"))


@pytest.fixture
def window_at(browser):
    """Give a function that opens a window at a server; keywords are the browser's settings."""
    contexts = []

    def make(server, **settings):
        contexts.append(browser.new_context(**{"locale": "en-GB", "timezone_id": "UTC", **settings}))
        contexts[-1].set_default_timeout(20_000)
        return Window(contexts[-1].new_page(), server)

    yield make
    for context in contexts:
        context.close()
