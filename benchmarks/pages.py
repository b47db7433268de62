"""The pages of the dashboard, as requested by a signed-in browser, from 10 k to 10 M rows."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import httpx

from benchmarks.cases import KEY, LISTED
from benchmarks.growth import month
from benchmarks.measure import Case, Request
from benchmarks.processes import Uvicorn
from benchmarks.scales import SHAPES, Scale

GOAL = "p50 ≤ 100 ms"
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
HTML = "Accept: text/html"
OK, SIGNED_IN = 200, 303
BOUND = {"alias": "alias-0", "model": "openai:gpt-4o-mini"}


def sign_in(server: Uvicorn, key: str) -> tuple[str, ...]:
    """Sign in with a project key, and return the headers of the browser."""
    with httpx.Client(base_url=server.url, headers={"Accept": "text/html"}, timeout=30) as client:
        form = client.get("/ui/sign-in").text
        token = TOKEN.search(form)
        assert token is not None, f"no form to sign in with: {form[:200]}"
        answer = client.post("/ui/sign-in", data={"csrf": token[1], "key": key})
        assert answer.status_code == SIGNED_IN, answer.text
        return HTML, "Cookie: " + "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def seeded_cases(server: Uvicorn, url: str, scales: Sequence[Scale]) -> list[Case]:
    """Return the pages that show calls, for the seeded projects with most combinations at each size."""
    found = []
    for scale in (scale for scale in scales if scale.combinations == max(SHAPES)):
        browser, rows = sign_in(server, scale.key), f"{scale.rows:,} rows"
        paths = {
            "overview": "/ui/overview",
            "overview, 30 days": f"/ui/overview?{month(url)}",
            "overview, 30 days by alias": f"/ui/overview?{month(url)}&by=alias",
            "overview, a year": f"/ui/overview?{month(url, days=365)}",
            "logs": "/ui/logs",
            "confirm binding an alias": f"/ui/aliases/bind?{urlencode(BOUND)}",
            "models in use": "/ui/registry/in-use",
        }
        found += _cases(server, {f"{name}, {rows}": path for name, path in paths.items()}, browser)
    return found


def listing_cases(server: Uvicorn) -> list[Case]:
    """Return the pages that show no calls: for a project with 1,000 aliases, and the registry."""
    paths = {"aliases, 1,000 of them": "/ui/aliases", "history of aliases": "/ui/aliases/history"}
    found = _cases(server, paths, sign_in(server, LISTED))
    others = {"registry": "/ui/registry", "receipts": "/ui/receipts"}
    return found + _cases(server, others, sign_in(server, KEY))


def _cases(server: Uvicorn, paths: Mapping[str, str], headers: tuple[str, ...]) -> list[Case]:
    """Return a line per page, after checking that it is served: a redirect would look fast."""
    for path in paths.values():
        seen = httpx.get(server.url + path, headers=dict(line.split(": ", 1) for line in headers), timeout=30)
        assert seen.status_code == OK, f"{path}: {seen.status_code}"
    return [Case(f"page: {name}", Request(path, headers), 1, GOAL) for name, path in paths.items()]
