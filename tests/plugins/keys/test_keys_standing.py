"""What a key may do by now, asked by its id, as whoever keeps a session open for it asks."""

from datetime import timedelta

import pytest

from llmring_server.contracts import KeyStatus


@pytest.fixture
def current_identity(server):
    """Give a function that asks for a key's standing: its scopes, or None."""

    def ask(project, key_id):
        found = server.run(server.server.service(KeyStatus).current_identity(project, key_id))
        return found and (found.project_id, found.key_id, sorted(found.scopes))

    return ask


def test_a_key_that_works_has_its_scopes(bootstrap, standing):
    key = bootstrap.key("read", "ingest")
    assert standing(key.project_id, key.key_id) == (key.project_id, key.key_id, ["ingest", "read"])


def test_a_key_of_another_project_is_none(bootstrap, standing):
    mine, other = bootstrap.key("read"), bootstrap.key("read")
    assert standing(mine.project_id, other.key_id) is None


def test_a_revoked_key_is_none_at_once(server, bootstrap, standing):
    key = bootstrap.key("read")
    server.run(bootstrap.issuer.revoke(key.project_id, key.key_id))
    assert standing(key.project_id, key.key_id) is None


def test_an_expired_key_is_none(bootstrap, standing):
    key = bootstrap.expiring(-1, "read")
    assert standing(key.project_id, key.key_id) is None


@pytest.mark.parametrize(("grace", "stands"), [(timedelta(hours=1), True), (timedelta(), False)])
def test_a_rotated_key_stands_until_its_grace_ends(server, bootstrap, standing, grace, stands):
    key = bootstrap.key("read")
    server.run(bootstrap.issuer.rotate(key, grace))
    assert (standing(key.project_id, key.key_id) is not None) is stands


def test_asking_counts_as_use(server, bootstrap, standing):
    key = bootstrap.key("read")
    standing(key.project_id, key.key_id)
    server.run(server.server.service(KeyStatus)._note())
    assert server.run(bootstrap.store.get(key.project_id, key.key_id)).last_used_at
