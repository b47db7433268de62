"""Every route of the full conf with every scope; a new route must be added to this table."""

import re

import pytest
from keys_kit import Bootstrap

from llmring_server.app import compose
from llmring_server.settings import conf_path, read_conf
from llmring_server.testing import eventually, make_settings

PLUGINS = read_conf(conf_path("team"))["plugins"]
PUBLIC = re.compile(r"/|/health.*|/openapi\.json|/docs.*|/registry.*|/receipts/public-.*|/api/v1/receipts/verify")
OWN_TOKEN = re.compile("/metrics|/api/v1/operator/.*")  # figures of every project, which no project key opens
SESSIONS = re.compile("/ui(/.*)?")  # pages are for sessions; without one they redirect to the sign-in page
# The first match for a method and a template applies.
NEEDED = [
    (r"\w+ /api/v1/keys.*", "admin"),
    (r"(POST|PUT|DELETE) /api/v1/aliases.*", "admin"),
    (r"POST /api/v1/statements", "admin"),
    (r"POST /api/v1/(log|log/batch|receipts|receipts/issue)", "ingest"),
    (r"POST (/api/v1)?/conversations.*", "ingest"),
    (r"(PATCH|DELETE) (/api/v1)?/conversations.*", "admin"),
    (r"(PUT|DELETE) /api/v1/prices/overrides.*", "admin"),
    (r"PUT /api/v1/project", "admin"),
    (r"GET (/api/v1)?/(aliases|project|logs|stats|prices|receipts|statements|conversations).*", "read"),
]
GRANTED = {"ingest": {"ingest"}, "read": {"read"}, "admin": {"ingest", "read", "admin"}}


def needed(method, template):
    """Return the scope that the table requires."""
    for pattern, scope in NEEDED:
        if re.fullmatch(pattern, f"{method} {template}"):
            return scope
    raise AssertionError(f"{method} {template}: add the scope it needs to this table")


@pytest.fixture
def team(llmring_live, small_registry):
    registry = {"base_url": small_registry.as_uri() + "/"}
    off = dict.fromkeys(("ingest", "read", "admin", "public"), "off")
    server = llmring_live(
        PLUGINS,
        registry=registry,
        ratelimit=off,
        metrics={"token": "a-token-of-the-tests"},
        projects={"operator_token": "a-token-of-the-operator"},
    )
    eventually(lambda: server.server.notifications.live)
    return server


def calls(server):
    """Return the method, the template and whether it is public, for every route that accepts keys."""
    _, routes = compose(make_settings({}), server.server.plugins.plugins)
    found = [(method, route.path, route.public) for _, route in routes.items() for method in route.responders()]
    return [call for call in found if not OWN_TOKEN.fullmatch(call[1]) and not SESSIONS.fullmatch(call[1])]


def get_status(client, method, template):
    """Return the status of a request; a stream, which may be endless, is not read."""
    path = re.sub(r"\{[^}]*\}", "x", template)
    with client.stream(method, path, **({} if method == "GET" else {"json": {}})) as response:
        return response.status_code


def test_every_route_accepts_exactly_the_scopes_that_allow_it(team):
    bootstrap = Bootstrap(team)
    clients = {scope: team.client(bootstrap.key(scope).key) for scope in GRANTED}
    wrong = []
    for method, template, public in calls(team):
        for scope, client in clients.items():
            status = get_status(client, method, template)
            may = public or needed(method, template) in GRANTED[scope]
            if (status == 403) == may or status in (401, 500):
                wrong.append((method, template, scope, status))
    assert wrong == []


def test_every_route_except_the_public_ones_needs_a_valid_key(team):
    bootstrap = Bootstrap(team)
    revoked = bootstrap.key("admin")
    team.run(bootstrap.issuer.revoke(revoked.project_id, revoked.key_id))
    keys = [None, "a-plain-key", bootstrap.expiring(-1, "admin").key, revoked.key]
    wrong = []
    for method, template, public in calls(team):
        assert public == bool(PUBLIC.fullmatch(template)), f"{template}: add to this table whether it is public"
        for client in map(team.client, keys):
            for path in (template, template.rstrip("/") + "/"):
                status = get_status(client, method, path)
                if (status == 401) == public or status >= 500 != public:
                    wrong.append((method, path, status))
    assert wrong == []


@pytest.mark.parametrize("path", ["/metrics", "/api/v1/operator/projects", "/api/v1/operator/stats"])
def test_no_project_key_opens_the_figures_of_all_projects(team, path):
    bootstrap = Bootstrap(team)
    for scope in GRANTED:
        assert team.client(bootstrap.key(scope).key).get(path).status_code == 401


def test_head_needs_the_same_scope_as_get(team):
    client = team.client(Bootstrap(team).key("ingest").key)
    for method, template, public in calls(team):
        if method == "GET" and not public:
            assert get_status(client, "HEAD", template) == 403, template


def test_every_feature_is_in_the_full_conf():
    features = {"keys", "projects", "ratelimit", "registry", "aliases", "usage", "receipts", "conversations", "metrics"}
    assert set(PLUGINS) == {*features, "dashboard"}
