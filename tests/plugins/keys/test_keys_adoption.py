"""Adoption: a key that clients already use becomes a managed one and retains its data."""

import threading
import uuid

import pytest
from keys_kit import CALL, Bootstrap, status

from llmring_keys.models import ALL_SCOPES, KeyOperationError, KeyTerms
from llmring_server.http.middleware.authentication import project_id
from llmring_server.testing import eventually

ALL = KeyTerms(scopes=frozenset(ALL_SCOPES))


@pytest.fixture
def old_key():
    """A key that clients use; another one in each test, as tests share a server."""
    return f"an-old-key-{uuid.uuid4().hex}"


def test_an_adopted_key_retains_its_data_and_works_for_its_clients(llmring_live):
    before = llmring_live(["usage"])
    logged = before.client("our-old-key-of-2025").post("/api/v1/log", json=CALL).json()["log_id"]
    after = llmring_live(["keys", "usage"])
    assert status(after, "our-old-key-of-2025") == 401
    bootstrap = Bootstrap(after)
    adopted = after.run(bootstrap.issuer.adopt("our-old-key-of-2025", None, ALL))
    assert adopted.project_id == project_id("our-old-key-of-2025", b"")
    rows = eventually(lambda: after.client("our-old-key-of-2025").get("/api/v1/logs").raise_for_status().json())
    assert [row["id"] for row in rows] == [logged]
    assert after.client("our-old-key-of-2025").post("/api/v1/log", json=CALL).status_code == 200


def test_a_key_can_be_added_to_a_project(server, admin, old_key):
    response = admin.post("/api/v1/keys/adopt", json={"key": old_key, "name": "batch job"})
    assert response.status_code == 201
    assert response.json()["scopes"] == ["ingest", "read"]
    assert old_key not in response.text
    logged = server.client(old_key).post("/api/v1/log", json=CALL).json()["log_id"]
    assert admin.get("/api/v1/logs").json()[0]["id"] == logged


def test_a_key_is_adopted_once(admin, server, bootstrap, old_key):
    first = admin.post("/api/v1/keys/adopt", json={"key": old_key}).json()
    again = admin.post("/api/v1/keys/adopt", json={"key": old_key})
    assert (again.status_code, again.json()["detail"]) == (409, f"This key is already registered as {first['key_id']}.")
    other = server.client(bootstrap.key("admin").key).post("/api/v1/keys/adopt", json={"key": old_key})
    assert (other.status_code, other.json()["detail"]) == (409, "This key is already registered in another project.")


def test_a_revoked_key_cannot_be_adopted_again(server, admin, old_key):
    made = admin.post("/api/v1/keys/adopt", json={"key": old_key}).json()
    admin.delete(f"/api/v1/keys/{made['key_id']}")
    assert admin.post("/api/v1/keys/adopt", json={"key": old_key}).status_code == 409
    eventually(lambda: status(server, old_key) == 401, 1)


def test_exactly_one_of_several_concurrent_adoptions_wins(server, bootstrap):
    admins = [server.client(bootstrap.key("admin").key) for _ in range(4)]
    statuses = []

    def adopt(client):
        statuses.append(client.post("/api/v1/keys/adopt", json={"key": "wanted-by-all-four"}).status_code)

    threads = [threading.Thread(target=adopt, args=(client,)) for client in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409]


def test_a_text_that_no_header_can_contain_is_refused(admin):
    for text in ("", "two words", "tab\there", "k" * 256, "snow☃"):
        response = admin.post("/api/v1/keys/adopt", json={"key": text})
        assert response.status_code == 409, text
        assert text not in response.text or not text


@pytest.mark.parametrize(("length", "code"), [(1, 409), (15, 409), (16, 201)])
def test_a_key_that_could_be_guessed_is_not_adopted(server, admin, length, code):
    key = uuid.uuid4().hex[:length]
    response = admin.post("/api/v1/keys/adopt", json={"key": key})
    assert response.status_code == code
    if code == 409:
        assert (
            response.json()["detail"] == "The key has fewer than 16 characters and could be guessed. Create a new key."
        )
        assert status(server, key) == 401


def test_a_refused_adoption_creates_no_project(server, admin, bootstrap, old_key):
    admin.post("/api/v1/keys/adopt", json={"key": old_key}).raise_for_status()
    before = server.run(bootstrap.store.list_projects())
    with pytest.raises(KeyOperationError, match="in another project"):
        server.run(bootstrap.issuer.adopt(old_key, None, ALL))
    assert server.run(bootstrap.store.list_projects()) == before


def test_a_refused_key_works_as_soon_as_it_is_adopted(server, admin, old_key):
    assert status(server, old_key) == 401
    admin.post("/api/v1/keys/adopt", json={"key": old_key}).raise_for_status()
    eventually(lambda: status(server, old_key) == 200, 1)
