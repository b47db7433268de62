"""A key is secret: no table and no log contains it, and the time of a refusal reveals nothing about it."""

import statistics
import time

import httpx
import pytest
from keys_kit import Bootstrap, dump_schema

from llmring_keys import authentication
from llmring_keys.authentication import KeyAuthenticator
from llmring_keys.store import KeyStore
from llmring_server.database import Notifications

CANARY = "canary-8b1f0e5a7c"
ROUNDS = 400


def test_no_key_is_in_a_log_an_error_or_a_table(llmring_process, llmring_cli, llmring_live):
    environment = {"LLMRING_PLUGINS": "keys,usage", "LLMRING_LOG_LEVEL": "debug", "LLMRING_KEY_PEPPER": "some-pepper"}
    process = llmring_process(**environment).wait_until_up()
    first = llmring_cli("keys", "create", "--new-project", "p", "--scope", "admin", **environment)
    adopted = llmring_cli("keys", "adopt", stdin=f"{CANARY}-own\n", **environment)
    keys = [first.stdout.strip(), f"{CANARY}-own", f"{CANARY}-joined", f"{CANARY}-wrong"]
    responses = []
    with httpx.Client(base_url=process.url, headers={"Authorization": f"Bearer {keys[0]}"}) as client:
        made = client.post("/api/v1/keys", json={"scopes": ["ingest"]}).json()
        new = client.post(f"/api/v1/keys/{made['key_id']}/rotate").json()
        keys += [made["key"], new["key"]]
        responses.append(client.post("/api/v1/keys/adopt", json={"key": keys[2]}))
        responses.append(client.post("/api/v1/keys/adopt", json={"key": keys[2]}))
        responses.append(client.post("/api/v1/keys/adopt", json={"key": f"{CANARY} {CANARY}"}))
        responses.append(client.post("/api/v1/keys/adopt", json={"key": keys[3], "scopes": ["no"]}))
        responses.append(client.post("/api/v1/keys/adopt", json={"key": [keys[3]]}))
        responses.append(client.post("/api/v1/keys/adopt", content=f'{{"key": "{keys[3]}"'))
        responses.append(client.delete(f"/api/v1/keys/{new['key_id']}"))
        responses.append(client.get("/api/v1/keys"))
        for key in keys:
            for path in ("/api/v1/stats", "/api/v1/keys", "/nowhere", "/api/v1/log"):
                responses.append(client.get(path, headers={"Authorization": f"Bearer {key}"}))
    process.stop()
    output = "".join(response.text + str(response.headers) for response in responses)
    output += process.output() + first.stderr + adopted.stdout + adopted.stderr
    tables = dump_schema(llmring_live(["keys", "usage"], key_pepper="some-pepper"))
    assert f"{made['key_id']} was rotated" in process.output()
    assert made["key_id"] in tables
    for secret in (*keys, CANARY, "some-pepper"):
        assert secret not in output
        assert secret not in tables


async def medians(authenticator, keys):
    """Return the median duration of `identify` in microseconds for each of `keys`, called in turn."""
    times = [[] for _ in keys]
    for _ in range(ROUNDS):
        for key, taken in zip(keys, times, strict=True):
            began = time.perf_counter()
            await authenticator.identify(key)
            taken.append((time.perf_counter() - began) * 1e6)
    return [statistics.median(taken) for taken in times]


def are_similar(right, wrong):
    """Whether two times differ by less than is measurable over a network, and by less than half of their size."""
    return abs(right - wrong) < max(30.0, 0.5 * min(right, wrong))


def test_a_wrong_key_takes_as_long_as_a_valid_one_when_both_are_cached(server, bootstrap, figure):
    key = bootstrap.key("read").key
    right, wrong = server.run(medians(server.server.service(KeyAuthenticator), [key, key[:-1] + "x"]))
    figure("medians of a valid and a wrong key", f"{right:.1f} and {wrong:.1f} µs")
    assert are_similar(right, wrong), (right, wrong)


def test_a_wrong_key_takes_as_long_as_a_valid_one_when_both_are_looked_up(server, figure):
    bootstrap = Bootstrap(server)
    for _ in range(50):
        key = bootstrap.key("read").key
    deaf = Notifications("deaf")
    authenticator = KeyAuthenticator(KeyStore(server.server.database, deaf), deaf, server.server.pepper)
    right, wrong = server.run(medians(authenticator, [key, key[:-1] + "x"]))
    figure("medians of a valid and a wrong key", f"{right:.1f} and {wrong:.1f} µs")
    assert are_similar(right, wrong), (right, wrong)


@pytest.mark.own_server
def test_the_cache_of_wrong_keys_is_bounded(server, bootstrap, monkeypatch):
    monkeypatch.setattr(authentication, "MAX_UNKNOWN", 10)
    authenticator = server.server.service(KeyAuthenticator)
    key = bootstrap.key("read").key

    async def flood():
        for number in range(100):
            assert await authenticator.identify(f"wrong-{number}") is None
            assert await authenticator.identify(key) is not None
        return len(authenticator._unknown), len(authenticator._known)

    assert server.run(flood()) == (10, 1)
