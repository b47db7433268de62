"""Signing in and out: sessions, their cookies, the forms' tokens, and rejected keys."""

import http.cookies
import json

import pytest

from llmring_server.testing import eventually

SESSION = "llmring_session"
VISITOR = "llmring_visitor"


@pytest.fixture
def server(dashboard):
    """A server whose clients send the keys as they are named."""
    return dashboard().with_keys("")


def cookie(answer, name=SESSION):
    """Return the attributes of a cookie set by a response."""
    for line in answer.headers.get_list("set-cookie"):
        found = http.cookies.SimpleCookie(line)
        if name in found:
            return found[name]
    return None


def made(llmring_cli, *scopes, project=()):
    """Create a managed key, and return its text, its id and its project."""
    given = [f"--scope={scope}" for scope in scopes]
    found = llmring_cli(
        "keys", "create", *(project or ["--new-project=team"]), *given, "--json", LLMRING_PLUGINS="keys"
    )
    key = json.loads(found.stdout)
    return key["key"], key["key_id"], key["project_id"]


def test_a_key_is_exchanged_for_a_session(server, visit):
    visitor = visit(server).open("/ui")
    assert visitor.path == "/ui/sign-in"
    visitor.send("main form", key="test-project")
    assert (visitor.status, visitor.path, visitor.heading) == (200, "/ui/overview", "Overview")
    assert server.project_id() in visitor.text("header")


def test_the_session_is_for_the_server_alone_and_does_not_hold_the_key(server, visit):
    visitor = visit(server).open("/ui/sign-in")
    token = visitor.page.css_first("input[name=csrf]").attributes["value"]
    answer = visitor.client.post("/ui/sign-in", data={"csrf": token, "key": "a-very-secret-key"})
    assert answer.status_code == 303
    found = cookie(answer)
    assert (found["httponly"], found["samesite"], found["path"], found["secure"]) == (True, "Strict", "/ui", "")
    assert found["max-age"] == str(12 * 3600)
    assert "a-very-secret-key" not in str(answer.headers)


def test_behind_tls_the_session_is_sent_over_tls_alone(server, visit):
    visitor = visit(server, **{"X-Forwarded-Proto": "https"}).open("/ui/sign-in")
    assert cookie(visitor.answer, VISITOR)["secure"] is True


@pytest.mark.parametrize("key", ["two words", "", "x" * 256])
def test_an_invalid_key_is_refused_with_the_reason(server, visit, key):
    visitor = visit(server).sign_in(key)
    assert visitor.status == 401
    assert "The key" in visitor.text("[role=alert]")
    assert visitor.open("/ui/overview").path == "/ui/sign-in"


def test_after_signing_in_the_requested_page_is_shown(server, visit):
    visitor = visit(server).open("/ui/logs?model=a%20b&tz=Europe/Rome").send("main form", key="k")
    assert str(visitor.answer.url).endswith("/ui/logs?model=a%20b&tz=Europe/Rome")


@pytest.mark.parametrize("address", ["https://elsewhere.test/", "//elsewhere.test", "/ui/../docs\\x", "/uix", "/docs"])
def test_no_other_site_is_led_to(server, visit, address):
    visitor = visit(server).sign_in(next=address)
    assert visitor.path == "/ui/overview"


def test_signing_out_ends_the_session_in_the_browser(visitor):
    visitor.send("form[action='/ui/sign-out']")
    assert visitor.path == "/ui/sign-in"
    assert visitor.text("[role=status]") == "You have signed out."
    assert visitor.open("/ui/overview").path == "/ui/sign-in"


def test_a_message_is_shown_once(visitor):
    visitor.send("form[action='/ui/sign-out']")
    assert visitor.open("/ui/sign-in").text("[role=status]") is None


@pytest.mark.parametrize("path", ["/ui", "/ui/overview", "/ui/logs", "/ui/logs/abc", "/ui/logs.csv"])
def test_a_program_without_a_session_gets_401_in_json(server, path):
    answer = server.client().get(path)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "/ui/sign-in" in answer.json()["detail"]


def test_a_forged_session_is_none(server, visit, visitor):
    text = visitor.client.cookies[SESSION]
    content, _, signature = text.rpartition(".")
    # The first character: some bits of the last one belong to no byte of the signature.
    other_signature = ("A" if signature[0] != "A" else "B") + signature[1:]
    for forged in (f"{content}.{other_signature}", "x", "e30.e30.e30", text.partition(".")[0]):
        other = visit(server)
        other.client.cookies.set(SESSION, forged, path="/ui")
        assert other.open("/ui/overview").path == "/ui/sign-in"


def test_an_expired_session_is_none(dashboard, visit):
    server = dashboard(dashboard={"session_hours": 1 / 3600})
    visitor = visit(server).sign_in()
    text = visitor.client.cookies.get(SESSION)
    assert visitor.path == "/ui/overview"

    def ended():
        fresh = visit(server)
        fresh.client.cookies.set(SESSION, text, path="/ui")
        return fresh.open("/ui/overview").path == "/ui/sign-in"

    eventually(ended)


OLD, NEW = "an old secret of a deployment", "a new secret of a deployment"


@pytest.mark.parametrize(
    ("secrets", "page"),
    [([NEW, OLD], "/ui/overview"), ([OLD], "/ui/overview"), ([NEW], "/ui/sign-in"), ([], "/ui/sign-in")],
)
def test_a_session_is_valid_while_its_secret_is_configured(dashboard, visit, secrets, page):
    first = visit(dashboard(dashboard={"session_secrets": [OLD]})).sign_in()
    other = visit(dashboard(dashboard={"session_secrets": secrets}))
    other.client.cookies.set(SESSION, first.client.cookies[SESSION], path="/ui")
    assert other.open("/ui/overview").path == page


def test_the_first_secret_signs(dashboard, visit):
    first = visit(dashboard(dashboard={"session_secrets": [NEW, OLD]})).sign_in()
    other = visit(dashboard(dashboard={"session_secrets": [NEW]}))
    other.client.cookies.set(SESSION, first.client.cookies[SESSION], path="/ui")
    assert other.open("/ui/overview").path == "/ui/overview"


@pytest.mark.own_server
def test_without_a_configured_secret_all_servers_of_a_deployment_share_one(dashboard, visit):
    first, second = dashboard(), dashboard()
    visitor = visit(first).sign_in()
    other = visit(second)
    other.client.cookies.set(SESSION, visitor.client.cookies[SESSION], path="/ui")
    assert other.open("/ui/overview").path == "/ui/overview"


def test_a_revoked_key_ends_its_sessions_at_once(dashboard, visit, llmring_cli):
    key, key_id, project = made(llmring_cli, "read")
    server = dashboard("keys", "usage")
    visitor = visit(server).sign_in(key)
    assert (visitor.path, project in visitor.text("header")) == ("/ui/overview", True)
    llmring_cli("keys", "revoke", key_id, LLMRING_PLUGINS="keys")
    visitor.open("/ui/overview")
    assert visitor.path == "/ui/sign-in"
    assert "revoked" in visitor.text("[role=status]")


def test_an_unknown_managed_key_is_refused(dashboard, visit):
    visitor = visit(dashboard("keys", "usage")).sign_in("unknown")
    assert (visitor.status, visitor.text("[role=alert]")) == (401, "The key is unknown, expired or revoked.")


def test_a_key_that_may_not_read_is_refused(dashboard, visit, llmring_cli):
    key, _, _ = made(llmring_cli, "ingest")
    visitor = visit(dashboard("keys", "usage")).sign_in(key)
    assert (visitor.status, "no read access" in visitor.text("[role=alert]")) == (401, True)


@pytest.mark.parametrize("path", ["/ui/sign-in", "/ui/sign-out", "/ui/theme"])
@pytest.mark.parametrize("token", ["", "forged", None])
def test_a_form_without_the_sessions_token_is_refused(visitor, visit, server, path, token):
    foreign = visit(server).open("/ui/sign-in").page.css_first("input[name=csrf]").attributes["value"]
    sent = {"key": "k", "theme": "dark", "csrf": foreign if token is None else token}
    answer = visitor.client.post(path, data=sent)
    assert answer.status_code == 403
    assert "form" in answer.text
    assert visitor.open("/ui/overview").path == "/ui/overview"


@pytest.mark.own_server
def test_attempts_of_one_address_are_bounded(dashboard, visit):
    server = dashboard(dashboard={"sign_in_attempts": 3})
    visitor = visit(server)
    statuses = [visitor.sign_in("two words").status for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert visitor.answer.headers["retry-after"] == "300"
    assert visitor.sign_in("test-project").status == 429
    assert visit(server, **{"X-Forwarded-For": "203.0.113.7"}).sign_in().path == "/ui/overview"


@pytest.mark.own_server
def test_attempts_are_counted_by_all_servers_together_with_redis(dashboard, visit, llmring_redis):
    given = {"redis_url": llmring_redis.url, "dashboard": {"sign_in_attempts": 2}}
    first, second = dashboard(**given), dashboard(**given)
    assert [visit(server).sign_in("two words").status for server in (first, second, first)] == [401, 401, 429]


def test_a_link_of_another_site_shows_the_page_although_the_session_was_held_back(server, visit, visitor):
    arriving = visit(server, **{"Sec-Fetch-Site": "cross-site"}).open("/ui/logs?model=a")
    assert (arriving.status, arriving.path) == (200, "/ui/logs")
    assert arriving.page.css_first("meta[http-equiv=refresh]").attributes["content"] == "0; url=/ui/logs?model=a"
    assert cookie(arriving.answer) is None


def test_the_form_to_sign_in_leaves_a_session_that_was_held_back_alone(server, visit):
    held_back = visit(server).open("/ui/overview")
    assert (held_back.path, cookie(held_back.answer)) == ("/ui/sign-in", None)
    assert cookie(held_back.answer, VISITOR)["httponly"] is True


def test_after_a_session_has_ended_one_can_sign_in_again(dashboard, visit, llmring_cli):
    (first, key_id, project), server = made(llmring_cli, "read"), dashboard("keys", "usage")
    second, _, _ = made(llmring_cli, "read", project=["--project", project])
    visitor = visit(server).sign_in(first)
    llmring_cli("keys", "revoke", key_id, LLMRING_PLUGINS="keys")
    assert visitor.open("/ui/logs").path == "/ui/sign-in"
    assert visitor.send("main form", key=second).path == "/ui/logs"
