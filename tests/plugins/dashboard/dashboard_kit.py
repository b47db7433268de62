"""A visitor without JavaScript: follows links and sends forms as a browser does, and reads pages as one does."""

import copy

from selectolax.lexbor import LexborHTMLParser

MARKUP = '<img src=x onerror="alert(1)">&amp;\'"</script>'
MANY_SIGN_INS = {"sign_in_attempts": 1_000_000}  # of all tests that share a server, from one address
ASKED = {"Accept": "text/html,application/xhtml+xml"}


class Visitor:
    """One browser: an HTTP client that keeps cookies, and the page it shows."""

    def __init__(self, client, project_key):
        self.client = client
        self._project_key = project_key
        self.answer = None

    def open(self, address, **query):
        """Follow a link to a page, through redirects."""
        return self._show(self.client.get(address, params=query or None, follow_redirects=True))

    def send(self, form, **fields):
        """Fill in and send the form at a selector; a field of None is left out."""
        node = self.page.css_first(form)
        given = {field.attributes["name"]: field.attributes.get("value") or "" for field in node.css("input[name]")}
        for choice in node.css("select"):
            chosen = choice.css_first("option[selected]") or choice.css_first("option")
            given[choice.attributes["name"]] = chosen.attributes["value"]
        method, action = node.attributes.get("method", "get"), node.attributes["action"]
        told = {name: value for name, value in (given | fields).items() if value is not None}
        sent = {"params": told} if method == "get" else {"data": told}
        return self._show(self.client.request(method.upper(), action, follow_redirects=True, **sent))

    def sign_in(self, key="test-project", next="/ui"):
        """Sign in with the key that the server's clients of this name send, and continue to a page."""
        self.open("/ui/sign-in", next=next)
        return self.send("main form", key=self._project_key(key))

    def _show(self, answer):
        self.answer = answer
        self.page = LexborHTMLParser(answer.text)
        return self

    @property
    def status(self):
        return self.answer.status_code

    @property
    def path(self):
        return self.answer.url.path

    @property
    def heading(self):
        return self.text("h1")

    def text(self, selector):
        """Return the text at a selector, its white space made plain, or None."""
        node = self.page.css_first(selector)
        return None if node is None else folded(node)

    def value(self, selector):
        """Return the exact figure at a selector, or None where there is none."""
        node = self.page.css_first(f"{selector} data")
        return node.attributes["value"] if node else None

    def rows(self, table):
        """Return the cells of each row of a table: the exact figure where there is one, else the text."""
        return [
            [
                cell.css_first("data").attributes["value"] if cell.css_first("data") else folded(cell)
                for cell in row.css("th, td")
            ]
            for row in self.page.css(f"{table} tbody tr")
        ]

    def words(self, table):
        """Return the text of each cell of each row of a table."""
        return [[folded(cell) for cell in row.css("th, td")] for row in self.page.css(f"{table} tbody tr")]

    def head(self, table):
        """Return the titles of a table's columns."""
        return [folded(cell) for cell in self.page.css(f"{table} thead th")]

    @property
    def links(self):
        """The addresses of the links in the page's own part, by their words."""
        return {folded(link): link.attributes["href"] for link in self.page.css("main a[href]")}

    def field(self, selector):
        """Return the value of a field."""
        return self.page.css_first(selector).attributes.get("value") or ""


class Browser:
    """A visitor who opens each page in a tab of its own, so that older ones can still be read and their forms sent."""

    def __init__(self, visitor):
        self._visitor = visitor

    def open(self, address, **query):
        """Open an address."""
        return copy.copy(self._visitor).open(address, **query)

    def follow(self, page, words):
        """Follow the link of a page that has these words."""
        return self.open(page.links[words])

    def send(self, page, action, **fields):
        """Send the form of a page as it stands, but for these fields."""
        return copy.copy(page).send(f"main form[action='{action}']", **fields)


def folded(node):
    """Return the text of an element, its white space made plain."""
    return " ".join(node.text().split())
