"""The event of changed keys: issued, rotated and revoked, over HTTP."""

from datetime import UTC, datetime

from llmring_keys.issuer import KeyIssuer
from llmring_keys.models import KeyTerms, Project
from llmring_keys.store import KeyStore
from llmring_server.testing import eventually, make_plugin


def test_issued_rotated_and_revoked_keys_are_announced_without_their_secrets(llmring_live):
    heard = []

    async def llmring_key_changed(server, entries):
        heard.extend(entries)

    server = llmring_live(["keys", make_plugin("listener", llmring_key_changed=llmring_key_changed)])
    first = server.run(issue(server.server))
    client = server.client(None, **{"X-Project-Key": first.key})
    made = client.post("/api/v1/keys", json={"scopes": ["read"]}).raise_for_status().json()
    successor = client.post(f"/api/v1/keys/{made['key_id']}/rotate", json={}).raise_for_status().json()
    client.delete(f"/api/v1/keys/{successor['key_id']}").raise_for_status()
    eventually(lambda: len(heard) == 4)
    assert [(one.change, one.key_id, one.replaced_by) for one in heard] == [
        ("issued", first.key_id, None),
        ("issued", made["key_id"], None),
        ("rotated", made["key_id"], successor["key_id"]),
        ("revoked", successor["key_id"], None),
    ]
    assert not any(secret in repr(heard) for secret in (first.key, made["key"], successor["key"]))


async def issue(server):
    issuer = KeyIssuer(KeyStore(server.database, server.notifications), server.pepper, server.events)
    project = Project("prj_events", "events", datetime.now(UTC))
    return await issuer.create(project, KeyTerms(scopes=frozenset({"admin"})))
