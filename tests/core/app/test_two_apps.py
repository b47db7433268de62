"""Two applications in one process are independent."""

from core_kit import echo_routes

from llmring_server.testing import make_plugin


def test_two_applications_have_their_own_plugins_and_routes(llmring_live):
    with_echo = llmring_live([make_plugin("echo", llmring_routes=echo_routes)])
    with_aliases = llmring_live(["aliases"])
    assert with_echo.client().get("/echo").status_code == 200
    assert with_aliases.client().get("/echo").status_code == 404
    assert with_echo.client().get("/api/v1/aliases").status_code == 404
    assert with_aliases.client().get("/api/v1/aliases").status_code == 200
    assert with_echo.client().get("/").json()["plugins"] == ["echo"]
    assert with_aliases.client().get("/").json()["plugins"] == ["aliases"]


def test_two_applications_of_one_plugin_have_their_own_settings_pools_and_caches(llmring_live):
    one, two = (llmring_live(["aliases"], max_body_bytes=size) for size in (1024, 4096))
    body = {"alias": "a", "model": "m:n", "metadata": "x" * 2000}
    assert one.client().post("/api/v1/aliases/bind", json=body).status_code == 413
    assert two.client().post("/api/v1/aliases/bind", json=body).status_code == 200
    assert one.server.database.pool is not two.server.database.pool
    assert one.server.cache is not two.server.cache
    assert one.server.plugins is not two.server.plugins


def test_one_application_stops_without_affecting_the_other(llmring_live):
    one, two = llmring_live(["aliases"]), llmring_live(["aliases"])
    one.run(one.server.close())
    assert two.client().get("/api/v1/aliases").status_code == 200
