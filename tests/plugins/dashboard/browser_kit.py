"""A real browser: Debian's chromium, driven by Playwright, with an eye on what its pages do."""

import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from npm_kit import install

AXE = "axe-core@4.14.1"
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLORS = ["color-contrast", "link-in-text-block"]  # the rules of these that depend on the color scheme
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event => window.violations.push(event.violatedDirective));
"""


def chromium():
    """Return the path of chromium; without it, or Playwright, the test is skipped."""
    pytest.importorskip("playwright", reason="Playwright has no wheel here; it has one for Linux")
    found = shutil.which("chromium")
    if not found:
        pytest.skip("chromium is not on PATH; install it (Debian: apt install chromium) to test the pages in a browser")
    return found


def axe(folder):
    """Return the script of axe-core from npm; without npm or the registry the test is skipped."""
    install(AXE, folder, "to hold the pages to WCAG with axe-core")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()


class Window:
    """One page of a browser, and what it asked for: every request, every message of its console."""

    def __init__(self, page, server):
        self.page = page
        self.url = server.url
        self._project_key = server.key
        self.requested = []
        self.said = []
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.add_init_script(WATCH)

    def open(self, path):
        """Load a page."""
        self.page.goto(self.url + path)
        return self.page

    def sign_in(self, key="test-project", then="/ui"):
        """Sign in with the key that the server's clients of this name send, and wait for the page after."""
        page = self.open(f"/ui/sign-in?next={then}")
        page.get_by_label("Project key").fill(self._project_key(key))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        return page

    def check_manners(self):
        """Check that the page asked no other host, and did nothing that its policy forbids."""
        assert {urlsplit(url).netloc for url in self.requested} == {urlsplit(self.url).netloc}
        assert self.page.evaluate("window.violations") in ([], None)
        assert not [text for text in self.said if "Content Security Policy" in text or "Error" in text], self.said


@contextmanager
def running(path):
    """Run a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()
