"""The current identity of a key by its id, as features look it up for the sessions they hold."""

from datetime import timedelta

import pytest

from llmring_server.contracts.serving import KeyStatus


@pytest.fixture
def current_identity(server):
    """Return a function that looks up a key: its project, id and scopes, or None."""

    def look_up(project, key_id):
        found = server.run(server.server.service(KeyStatus).current_identity(project, key_id))
        return found and (found.project_id, found.key_id, sorted(found.scopes))

    return look_up


def test_a_valid_key_has_its_scopes(bootstrap, current_identity):
    key = bootstrap.key("read", "ingest")
    assert current_identity(key.project_id, key.key_id) == (key.project_id, key.key_id, ["ingest", "read"])


def test_a_key_of_another_project_is_none(bootstrap, current_identity):
    mine, other = bootstrap.key("read"), bootstrap.key("read")
    assert current_identity(mine.project_id, other.key_id) is None


def test_a_revoked_key_is_none_immediately(server, bootstrap, current_identity):
    key = bootstrap.key("read")
    server.run(bootstrap.issuer.revoke(key.project_id, key.key_id))
    assert current_identity(key.project_id, key.key_id) is None


def test_an_expired_key_is_none(bootstrap, current_identity):
    key = bootstrap.expiring(-1, "read")
    assert current_identity(key.project_id, key.key_id) is None


@pytest.mark.parametrize(("grace", "valid"), [(timedelta(hours=1), True), (timedelta(), False)])
def test_a_rotated_key_is_valid_until_its_grace_ends(server, bootstrap, current_identity, grace, valid):
    key = bootstrap.key("read")
    server.run(bootstrap.issuer.rotate(key, grace))
    assert (current_identity(key.project_id, key.key_id) is not None) is valid


def test_a_lookup_counts_as_use(server, bootstrap, current_identity):
    key = bootstrap.key("read")
    current_identity(key.project_id, key.key_id)
    server.run(server.server.service(KeyStatus)._write_last_uses())
    assert server.run(bootstrap.store.get(key.project_id, key.key_id)).last_used_at
