"""The life of a key: created, used, rotated, expired, revoked; and what each scope allows."""

import threading
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest
from keys_kit import CALL, status
from psycopg import sql

from llmring_keys.models import StoredKey
from llmring_server.testing import eventually


def test_a_new_key_is_recognizable_and_opens_its_project(server, make):
    made = make("read", name="dashboards")
    assert made["key"].startswith("llmr_")
    assert len(made["key"]) >= 5 + 32 * 8 / 5
    assert made["key_id"].startswith("key_")
    assert made["name"] == "dashboards"
    assert status(server, made["key"]) == 200


def test_two_keys_of_a_project_see_the_same_data(server, make):
    first, second = make("ingest"), make("read")
    assert first["project_id"] == second["project_id"]
    logged = server.client(first["key"]).post("/api/v1/log", json=CALL).json()
    rows = server.client(second["key"]).get("/api/v1/logs").json()
    assert [row["id"] for row in rows] == [logged["log_id"]]


def test_a_list_never_contains_a_secret(admin, make):
    made = make()
    listed = admin.get("/api/v1/keys")
    assert made["key_id"] in listed.text
    assert made["key"] not in listed.text
    assert not any("key" in entry or "hash" in entry for entry in listed.json())


def test_the_response_with_a_key_is_not_cached(admin):
    assert admin.post("/api/v1/keys", json={"scopes": ["read"]}).headers["cache-control"] == "no-store"


def test_an_ingest_key_cannot_read(server, make):
    client = server.client(make("ingest")["key"])
    assert client.post("/api/v1/log", json=CALL).status_code == 200
    for path in ("/api/v1/logs", "/api/v1/stats", "/api/v1/logs/export", "/api/v1/keys"):
        assert client.get(path).status_code == 403
    assert client.head("/api/v1/logs").status_code == 403


def test_a_read_key_can_only_read(server, make):
    client = server.client(make("read")["key"])
    assert client.get("/api/v1/logs").status_code == 200
    assert client.post("/api/v1/log", json=CALL).status_code == 403
    assert client.get("/api/v1/keys").status_code == 403
    assert client.post("/api/v1/keys", json={"scopes": ["admin"]}).status_code == 403


def test_403_names_the_needed_and_the_present_scopes(server, make):
    response = server.client(make("ingest")["key"]).get("/api/v1/logs")
    assert response.json()["detail"] == "This needs a key with the scope 'read'; yours has ingest."


def test_a_key_with_two_scopes_may_do_both(server, make):
    client = server.client(make("ingest", "read")["key"])
    assert client.post("/api/v1/log", json=CALL).status_code == 200
    assert client.get("/api/v1/logs").status_code == 200
    assert client.get("/api/v1/keys").status_code == 403


def test_an_admin_key_may_do_everything(admin):
    assert admin.post("/api/v1/log", json=CALL).status_code == 200
    assert admin.get("/api/v1/logs").status_code == 200
    assert admin.get("/api/v1/keys").status_code == 200


def test_unknown_expired_and_revoked_keys_get_the_same_response(server, bootstrap, make, admin):
    revoked = make()
    admin.delete(f"/api/v1/keys/{revoked['key_id']}").raise_for_status()
    expired = bootstrap.expiring(-1, "read")
    responses = []
    for key in ("a-plain-key", revoked["key"], expired.key, revoked["key"][:-1] + "x"):
        response = eventually(lambda key=key: refused(server, key))
        body = {name: value for name, value in response.json().items() if name != "request_id"}
        headers = {name: value for name, value in response.headers.items() if name not in ("x-request-id", "date")}
        responses.append((body, headers))
    assert all(response == responses[0] for response in responses)
    assert responses[0][1]["www-authenticate"] == "Bearer"


def refused(server, key):
    response = server.client(key).get("/api/v1/stats")
    return response if response.status_code == 401 else None


def test_a_cached_key_ends_when_it_expires(server, bootstrap):
    key = bootstrap.expiring(1.5, "read")
    assert status(server, key.key) == 200
    eventually(lambda: status(server, key.key) == 401, 5)
    assert datetime.now(UTC) >= key.expires_at


@pytest.mark.parametrize(
    "expires",
    ["2020-01-01T00:00:00Z", "2030-01-01T00:00:00", "soon", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"],
)
@pytest.mark.parametrize(
    ("path", "fields"), [("keys", {"scopes": ["read"]}), ("keys/adopt", {"key": "an-old-key-16-ch"})]
)
def test_an_expiry_is_in_the_future_with_a_zone_and_within_a_century(admin, path, fields, expires):
    response = admin.post(f"/api/v1/{path}", json={**fields, "expires_at": expires})
    assert response.status_code == 422
    assert "expires_at" in response.json()["detail"]
    assert len(admin.get("/api/v1/keys").raise_for_status().json()) == 1


@pytest.mark.parametrize("scopes", [[], ["write"], None])
def test_invalid_scopes_are_422(admin, scopes):
    assert admin.post("/api/v1/keys", json={"scopes": scopes}).status_code == 422


def test_a_rotated_key_works_until_its_grace_ends(server, admin, make):
    old = make("ingest", "read", name="worker")
    response = admin.post(f"/api/v1/keys/{old['key_id']}/rotate", params={"grace": "2s"})
    assert response.status_code == 201
    new = response.json()
    assert status(server, old["key"]) == status(server, new["key"]) == 200
    same = ("project_id", "scopes", "name")
    assert [new[name] for name in same] == [old[name] for name in same]
    assert new["rotated_from"] == old["key_id"]
    eventually(lambda: status(server, old["key"]) == 401, 5)
    assert datetime.now(UTC) >= datetime.fromisoformat(grace_until(admin, old["key_id"]))
    assert status(server, new["key"]) == 200


def grace_until(admin, key_id):
    return next(key["grace_until"] for key in admin.get("/api/v1/keys").json() if key["key_id"] == key_id)


def test_a_grace_of_zero_ends_the_old_key_immediately(server, admin, make):
    old = make()
    new = admin.post(f"/api/v1/keys/{old['key_id']}/rotate?grace=0").json()
    eventually(lambda: status(server, old["key"]) == 401, 1)
    assert status(server, new["key"]) == 200


def test_a_successor_lives_as_long_as_the_key_it_succeeds(admin, make):
    old = make(expires_at=(datetime.now(UTC) + timedelta(days=90)).isoformat())
    new = admin.post(f"/api/v1/keys/{old['key_id']}/rotate").json()
    life = datetime.fromisoformat(new["expires_at"]) - datetime.fromisoformat(new["created_at"])
    assert abs(life - timedelta(days=90)) < timedelta(seconds=60)


def test_a_key_is_rotated_once(admin, make):
    old = make()
    assert admin.post(f"/api/v1/keys/{old['key_id']}/rotate").status_code == 201
    again = admin.post(f"/api/v1/keys/{old['key_id']}/rotate")
    assert again.status_code == 409
    assert again.json()["detail"] == f"Key {old['key_id']} is already rotated."


def test_a_revoked_key_is_not_rotated(admin, make):
    old = make()
    admin.delete(f"/api/v1/keys/{old['key_id']}")
    assert admin.post(f"/api/v1/keys/{old['key_id']}/rotate").status_code == 409


@pytest.mark.parametrize("grace", ["-1s", "soon", "366d", "1w"])
def test_an_invalid_grace_is_422(admin, make, grace):
    response = admin.post(f"/api/v1/keys/{make()['key_id']}/rotate", params={"grace": grace})
    assert response.status_code == 422


def test_exactly_one_of_several_concurrent_rotations_wins(server, admin, make):
    old = make()
    statuses = run_concurrently(8, lambda: admin.post(f"/api/v1/keys/{old['key_id']}/rotate").status_code)
    assert sorted(statuses) == [201] + [409] * 7
    assert sum(key["rotated_from"] == old["key_id"] for key in admin.get("/api/v1/keys").json()) == 1


def run_concurrently(times, work):
    """Call `work` in several threads and return the results."""
    found = []
    threads = [threading.Thread(target=lambda: found.append(work())) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_revoking_again_changes_nothing(admin, make):
    key_id = make()["key_id"]
    first, second = (admin.delete(f"/api/v1/keys/{key_id}") for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert first.json()["revoked_at"]


@pytest.mark.parametrize("key_id", ["key_unknown", "x" * 300, "a%00b", "%C3%A9"])
def test_an_unknown_id_is_404(admin, key_id):
    assert admin.delete(f"/api/v1/keys/{key_id}").status_code == 404
    assert admin.post(f"/api/v1/keys/{key_id}/rotate").status_code == 404


def test_an_admin_sees_and_changes_only_the_keys_of_its_project(server, bootstrap, admin, make):
    mine, other = make(), server.client(bootstrap.key("admin").key)
    assert mine["key_id"] not in other.get("/api/v1/keys").text
    for response in (
        other.delete(f"/api/v1/keys/{mine['key_id']}"),
        other.post(f"/api/v1/keys/{mine['key_id']}/rotate"),
    ):
        assert response.status_code == 404
    assert status(server, mine["key"]) == 200
    assert len(admin.get("/api/v1/keys").json()) == 2


def test_the_last_use_is_recorded(llmring_live, llmring_database, bootstrap, server, make):
    used, unused = make(), make()
    began = datetime.now(UTC)
    assert status(server, used["key"]) == 200
    server.run(server.server.close())
    name = sql.Identifier(llmring_database["database_schema"])
    with psycopg.connect(llmring_database["database_url"]) as connection:
        rows = connection.execute(sql.SQL("SELECT key_id, last_used_at FROM {}.project_keys").format(name)).fetchall()
    recorded = dict(rows)
    assert began <= recorded[used["key_id"]] <= datetime.now(UTC)
    assert recorded[unused["key_id"]] is None


def test_a_last_use_is_written_at_most_once_per_minute(server, bootstrap, make):
    made = make()
    name = made["project_id"], made["key_id"]
    first = datetime.now(UTC)

    def record(seconds):
        server.run(bootstrap.store.record_uses({name: first + timedelta(seconds=seconds)}))
        return (server.run(bootstrap.store.get(*name)).last_used_at - first).total_seconds()

    assert [record(seconds) for seconds in (0, 30, -300, 61)] == [0, 0, 0, 61]


def test_a_key_of_an_unknown_project_cannot_be_stored(server, bootstrap):
    key = StoredKey(
        key_id="key_x", project_id="prj_none", name=None, scopes=["read"], created_at=datetime.now(UTC), hash=b"x"
    )
    with pytest.raises(Exception, match="There is no project 'prj_none'"):
        server.run(bootstrap.store.add(key))


def test_without_the_plugin_any_key_opens_a_project(llmring_live):
    assert llmring_live(["usage"]).client("anything").get("/api/v1/stats").status_code == 200


def test_keys_work_with_a_pepper(llmring_live):
    from keys_kit import Bootstrap

    server = llmring_live(["keys", "usage"], key_pepper="pepper")
    assert status(server, Bootstrap(server).key("read").key) == 200


def test_every_key_header_accepts_a_managed_key(server, make):
    key = make()["key"]
    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
        assert httpx.get(f"{server.url}/api/v1/stats", headers=headers).status_code == 200


@pytest.mark.own_server
def test_without_a_database_a_key_is_503_and_not_401(server, make):
    key = make()["key"]
    server.run(server.server.database.close())
    response = server.client(key).get("/api/v1/stats")
    assert response.status_code == 503
    assert response.headers["retry-after"]
