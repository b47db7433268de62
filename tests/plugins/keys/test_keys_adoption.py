"""Adoption: a key that clients already use becomes a managed one, and keeps its data."""

import threading

import pytest
from keys_kit import CALL, Bootstrap, status

from llmring_keys.models import EVERY_SCOPE, Refused, Terms
from llmring_server.http.middleware.project_keys import project_id
from llmring_server.testing import eventually

EVERYTHING = Terms(scopes=frozenset(EVERY_SCOPE))


def test_an_adopted_key_keeps_its_data_and_its_clients_notice_nothing(llmring_live):
    before = llmring_live(["usage"])
    logged = before.client("our-old-key").post("/api/v1/log", json=CALL).json()["log_id"]
    after = llmring_live(["keys", "usage"])
    assert status(after, "our-old-key") == 401
    bootstrap = Bootstrap(after)
    adopted = after.run(bootstrap.issuer.adopt("our-old-key", None, EVERYTHING))
    assert adopted.project_id == project_id("our-old-key", b"")
    rows = eventually(lambda: after.client("our-old-key").get("/api/v1/logs").raise_for_status().json())
    assert [row["id"] for row in rows] == [logged]
    assert after.client("our-old-key").post("/api/v1/log", json=CALL).status_code == 200


def test_a_key_can_be_joined_to_a_project(server, admin):
    answer = admin.post("/api/v1/keys/adopt", json={"key": "an-old-key", "name": "batch job"})
    assert answer.status_code == 201
    assert answer.json()["scopes"] == ["ingest", "read"]
    assert "an-old-key" not in answer.text
    logged = server.client("an-old-key").post("/api/v1/log", json=CALL).json()["log_id"]
    assert admin.get("/api/v1/logs").json()[0]["id"] == logged


def test_a_key_is_adopted_once(admin, server, bootstrap):
    first = admin.post("/api/v1/keys/adopt", json={"key": "an-old-key"}).json()
    again = admin.post("/api/v1/keys/adopt", json={"key": "an-old-key"})
    assert (again.status_code, again.json()["detail"]) == (409, f"this key is known already, as {first['key_id']}")
    other = server.client(bootstrap.key("admin").key).post("/api/v1/keys/adopt", json={"key": "an-old-key"})
    assert (other.status_code, other.json()["detail"]) == (409, "this key is known already, in another project")


def test_a_revoked_key_cannot_be_brought_back_by_adopting_it(server, admin):
    made = admin.post("/api/v1/keys/adopt", json={"key": "an-old-key"}).json()
    admin.delete(f"/api/v1/keys/{made['key_id']}")
    assert admin.post("/api/v1/keys/adopt", json={"key": "an-old-key"}).status_code == 409
    eventually(lambda: status(server, "an-old-key") == 401, 1)


def test_of_many_adoptions_at_once_one_wins(server, bootstrap):
    admins = [server.client(bootstrap.key("admin").key) for _ in range(4)]
    statuses = []

    def adopt(client):
        statuses.append(client.post("/api/v1/keys/adopt", json={"key": "wanted"}).status_code)

    threads = [threading.Thread(target=adopt, args=(client,)) for client in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409]


def test_what_no_header_carries_is_no_key(admin):
    for text in ("", "two words", "tab\there", "k" * 256, "snow☃"):
        answer = admin.post("/api/v1/keys/adopt", json={"key": text})
        assert answer.status_code == 409, text
        assert text not in answer.text or not text


def test_a_refused_adoption_leaves_no_project_behind(server, admin, bootstrap):
    admin.post("/api/v1/keys/adopt", json={"key": "an-old-key"}).raise_for_status()
    before = server.run(bootstrap.store.projects())
    with pytest.raises(Refused, match="in another project"):
        server.run(bootstrap.issuer.adopt("an-old-key", None, EVERYTHING))
    assert server.run(bootstrap.store.projects()) == before


def test_a_key_that_was_refused_before_works_as_soon_as_it_is_adopted(server, admin):
    assert status(server, "an-old-key") == 401
    admin.post("/api/v1/keys/adopt", json={"key": "an-old-key"}).raise_for_status()
    eventually(lambda: status(server, "an-old-key") == 200, 1)
