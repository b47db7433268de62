"""A visitor without JavaScript: follows links and sends forms as a browser does, and reads pages as one does."""

from selectolax.lexbor import LexborHTMLParser

ASKED = {"Accept": "text/html,application/xhtml+xml"}


class Visitor:
    """One browser: an HTTP client that keeps cookies, and the page it shows."""

    def __init__(self, client):
        self.client = client
        self.answer = None

    def open(self, address, **query):
        """Follow a link to a page, through redirects."""
        return self._show(self.client.get(address, params=query or None, follow_redirects=True))

    def send(self, form, **fields):
        """Fill in and send the form at a selector."""
        node = self.page.css_first(form)
        given = {field.attributes["name"]: field.attributes.get("value") or "" for field in node.css("input[name]")}
        for choice in node.css("select"):
            chosen = choice.css_first("option[selected]") or choice.css_first("option")
            given[choice.attributes["name"]] = chosen.attributes["value"]
        method, action = node.attributes.get("method", "get"), node.attributes["action"]
        sent = {"params": given | fields} if method == "get" else {"data": given | fields}
        return self._show(self.client.request(method.upper(), action, follow_redirects=True, **sent))

    def sign_in(self, key="test-project", next="/ui"):
        """Sign in with a key, and go on to a page."""
        self.open("/ui/sign-in", next=next)
        return self.send("main form", key=key)

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
        return None if node is None else " ".join(node.text().split())

    def value(self, selector):
        """Return the exact figure at a selector, or None where there is none."""
        node = self.page.css_first(f"{selector} data")
        return node.attributes["value"] if node else None

    def rows(self, table):
        """Return the cells of each row of a table: the exact figure where there is one, else the text."""
        return [
            [
                cell.css_first("data").attributes["value"] if cell.css_first("data") else " ".join(cell.text().split())
                for cell in row.css("th, td")
            ]
            for row in self.page.css(f"{table} tbody tr")
        ]
