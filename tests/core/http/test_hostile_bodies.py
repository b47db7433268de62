"""Hostile bodies to a real uvicorn process: bombs, depth, size and odd numbers do not delay others or use memory."""

import gzip
import threading
import time
import zlib

import httpx
import psutil
import pytest

MEBIBYTE = 1024 * 1024
LIMIT = 16 * MEBIBYTE
BOUND_SECONDS = 1.0
BATCH = "/api/v1/log/batch"
KEY = {"X-Project-Key": "hostile", "Content-Type": "application/json"}


@pytest.fixture
def post(impatient):
    with httpx.Client(base_url=impatient.url, headers=KEY, timeout=30) as client:
        yield lambda content, path=BATCH, **headers: client.post(path, content=content, headers=headers)


class Others:
    """Other clients meanwhile, and their longest response time in seconds."""

    def __init__(self, url):
        self.longest = 0.0
        self._url = url
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *failure):
        self._done.set()
        self._thread.join()

    def _ask(self):
        with httpx.Client(base_url=self._url, timeout=30) as client:
            while not self._done.wait(0.005):
                began = time.monotonic()
                client.get("/health/live")
                self.longest = max(self.longest, time.monotonic() - began)


def memory(server):
    return psutil.Process(server.pid).memory_info().rss


def filled(unit, size=LIMIT - 200):
    """Return as many units as the limit allows, without the last comma."""
    return (unit * (size // len(unit))).removesuffix(b",")


def entry(metadata):
    return b'{"provider":"p","model":"m","metadata":' + metadata + b"}"


LARGE = {
    "one long text": lambda: b'"' + filled(b" ") + b'"',
    "deep lists": lambda: b"[" + filled(b"[" * 60 + b"]" * 60 + b",") + b"]",
    "flat lists": lambda: b"[" + filled(b"[],") + b"]",
    "stairs": lambda: b"[" + filled(b"".join(b"[" * deep + b"]" * deep + b"," for deep in range(1, 60))) + b"]",
    "empty texts": lambda: b"[" + filled(b'"",') + b"]",
    "brackets in texts": lambda: b"[" + filled(b'"[",') + b"]",
    "objects": lambda: b"[" + filled(b'{"":[]},') + b"]",
    "backslashes": lambda: b'"' + filled(rb"\\") + b'"',
    "escaped quotes": lambda: b'"' + filled(rb"\"") + b'"',
    "pairs": lambda: b'"' + filled(rb"\ud83d\ude00") + b'"',
    "escapes": lambda: b'"' + filled(rb"\ud7ff") + b'"',
    "lone surrogates": lambda: b'"' + filled(rb"\ud800") + b'"',
    "two bytes a letter": lambda: b'"' + filled("é".encode()) + b'"',
}


@pytest.mark.parametrize("shape", LARGE)
@pytest.mark.parametrize("spoilt", [b"", b",1"], ids=["", "in a faulty batch"])
def test_a_body_of_the_maximum_size_does_not_delay_others(impatient, post, shape, spoilt):
    with Others(impatient.url) as others:
        answer = post(b"[" + entry(LARGE[shape]()) + spoilt + b"]")
    assert answer.status_code in (200, 413, 503)  # 503: PostgreSQL may take too long over it
    assert others.longest < BOUND_SECONDS


BRACKETS = {
    "lists": lambda: b"[" * LIMIT,
    "objects": lambda: b"{" * LIMIT,
    "objects of a field": lambda: filled(b'{"":'),
    "empty objects": lambda: b"[" + filled(b"{},"),
    "quotes": lambda: b'"' * LIMIT,
}


@pytest.mark.parametrize("body", BRACKETS)
def test_a_body_of_brackets_is_rejected_and_does_not_delay_others(impatient, post, body):
    with Others(impatient.url) as others:
        assert post(BRACKETS[body]()).status_code in (400, 413, 422)
    assert others.longest < BOUND_SECONDS


def test_half_a_million_small_entries_are_rejected_before_decoding(impatient, post):
    before = memory(impatient)
    with Others(impatient.url) as others:
        assert post(b"[" + filled(b'{"provider":"p","model":"m"},') + b"]").status_code == 413
    assert others.longest < BOUND_SECONDS
    assert memory(impatient) - before < 150 * MEBIBYTE


def bomb(size):
    """Return gzip of so many zeros, without its trailer: the same complete block, repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = packer.compress(bytes(MEBIBYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(MEBIBYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * (size // MEBIBYTE - 1)


def test_a_bomb_of_gigabytes_is_413_immediately_and_never_inflated(impatient, post):
    packed = bomb(15_000 * MEBIBYTE)
    assert len(packed) < LIMIT
    before = memory(impatient)
    began = time.monotonic()
    with Others(impatient.url) as others:
        assert post(packed, **{"Content-Encoding": "gzip"}).status_code == 413
    assert time.monotonic() - began < 5
    assert others.longest < BOUND_SECONDS
    assert memory(impatient) - before < 100 * MEBIBYTE


def test_many_bombs_together_use_little_memory(impatient, post):
    packed = bomb(1_000 * MEBIBYTE)
    before = memory(impatient)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(post(packed, **{"Content-Encoding": "gzip"}).status_code))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [413] * 8
    assert memory(impatient) - before < 400 * MEBIBYTE


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "deflate", "zstd", "gzip;q=1", "compress"])
def test_gzip_in_gzip_and_other_encodings_are_rejected(post, encoding):
    twice = gzip.compress(gzip.compress(b"[]"))
    assert post(twice, **{"Content-Encoding": encoding}).status_code in (400, 415, 422)


NUMBERS = ["1e400", "-1e400", "1e-400", "9" * 5_000, "9" * 200_000, "0." + "0" * 200_000 + "1", "1e999999999", "-0"]


@pytest.mark.parametrize("number", NUMBERS, ids=range(len(NUMBERS)))
@pytest.mark.parametrize("member", ["input_tokens", "cost", "latency_ms", "metadata", "attempt", "timestamp"])
def test_a_number_of_any_size_is_stored_or_rejected(post, number, member):
    body = f'{{"provider":"p","model":"m","{member}":{number}}}'
    assert post(body.encode(), "/api/v1/log").status_code in (200, 422)


@pytest.mark.parametrize("number", NUMBERS, ids=range(len(NUMBERS)))
def test_a_number_of_any_size_in_an_aliass_metadata_is_stored_or_rejected(post, number):
    body = f'{{"alias":"a","model":"m:n","metadata":{number}}}'
    assert post(body.encode(), "/api/v1/aliases/bind").status_code in (200, 422)


def test_a_number_instead_of_a_name_is_rejected(post):
    assert post(b'{"provider":1,"model":"m"}', "/api/v1/log").status_code == 422
