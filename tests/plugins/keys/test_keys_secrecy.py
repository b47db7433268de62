"""A key is a secret: it lies in no table and no log, and how long a refusal takes tells nothing of it."""

import statistics
import time

import httpx
import pytest
from keys_kit import Bootstrap, whole_schema

from llmring_keys import recognition
from llmring_keys.recognition import ManagedKeys
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
    answers = []
    with httpx.Client(base_url=process.url, headers={"Authorization": f"Bearer {keys[0]}"}) as client:
        made = client.post("/api/v1/keys", json={"scopes": ["ingest"]}).json()
        new = client.post(f"/api/v1/keys/{made['key_id']}/rotate").json()
        keys += [made["key"], new["key"]]
        answers.append(client.post("/api/v1/keys/adopt", json={"key": keys[2]}))
        answers.append(client.post("/api/v1/keys/adopt", json={"key": keys[2]}))
        answers.append(client.post("/api/v1/keys/adopt", json={"key": f"{CANARY} {CANARY}"}))
        answers.append(client.post("/api/v1/keys/adopt", json={"key": keys[3], "scopes": ["no"]}))
        answers.append(client.post("/api/v1/keys/adopt", json={"key": [keys[3]]}))
        answers.append(client.post("/api/v1/keys/adopt", content=f'{{"key": "{keys[3]}"'))
        answers.append(client.delete(f"/api/v1/keys/{new['key_id']}"))
        answers.append(client.get("/api/v1/keys"))
        for key in keys:
            for path in ("/api/v1/stats", "/api/v1/keys", "/nowhere", "/api/v1/log"):
                answers.append(client.get(path, headers={"Authorization": f"Bearer {key}"}))
    process.stop()
    said = "".join(answer.text + str(answer.headers) for answer in answers)
    said += process.output() + first.stderr + adopted.stdout + adopted.stderr
    kept = whole_schema(llmring_live(["keys", "usage"], key_pepper="some-pepper"))
    assert f"{made['key_id']} was rotated" in process.output()
    assert made["key_id"] in kept
    for secret in (*keys, CANARY, "some-pepper"):
        assert secret not in said
        assert secret not in kept


async def medians(managed, keys):
    """Return the median microseconds that `identify` takes for each of `keys`, asked in turn."""
    times = [[] for _ in keys]
    for _ in range(ROUNDS):
        for key, taken in zip(keys, times, strict=True):
            began = time.perf_counter()
            await managed.identify(key)
            taken.append((time.perf_counter() - began) * 1e6)
    return [statistics.median(taken) for taken in times]


def alike(right, wrong):
    """Whether two times differ by less than anyone could see through a network, and less than their size."""
    return abs(right - wrong) < max(30.0, 0.5 * min(right, wrong))


def test_a_wrong_key_takes_as_long_as_a_right_one_when_both_are_remembered(server, bootstrap, figure):
    key = bootstrap.key("read").key
    right, wrong = server.run(medians(server.server.service(ManagedKeys), [key, key[:-1] + "x"]))
    figure("medians of a right and a wrong key", f"{right:.1f} and {wrong:.1f} µs")
    assert alike(right, wrong), (right, wrong)


def test_a_wrong_key_takes_as_long_as_a_right_one_when_the_table_is_asked(server, figure):
    bootstrap = Bootstrap(server)
    for _ in range(50):
        key = bootstrap.key("read").key
    deaf = Notifications("deaf")
    managed = ManagedKeys(KeyStore(server.server.database, deaf), deaf, server.server.pepper)
    right, wrong = server.run(medians(managed, [key, key[:-1] + "x"]))
    figure("medians of a right and a wrong key", f"{right:.1f} and {wrong:.1f} µs")
    assert alike(right, wrong), (right, wrong)


@pytest.mark.own_server
def test_what_is_remembered_of_wrong_keys_is_bounded(server, bootstrap, monkeypatch):
    monkeypatch.setattr(recognition, "MAX_UNKNOWN", 10)
    managed = server.server.service(ManagedKeys)
    key = bootstrap.key("read").key

    async def flood():
        for number in range(100):
            assert await managed.identify(f"wrong-{number}") is None
            assert await managed.identify(key) is not None
        return len(managed._unknown), len(managed._known)

    assert server.run(flood()) == (10, 1)
