"""The arithmetic of buckets, and the parsing of limits."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmring_ratelimit import buckets
from llmring_ratelimit.buckets import ProcessBuckets
from llmring_ratelimit.models import Decision, Limit, parse_limit
from llmring_server.http.client_address import rate_limit_key


@pytest.mark.parametrize(
    ("written", "rate", "burst"),
    [
        ("1000/s", 1000, 1000),
        (" 600/m ", 10, 600),
        ("3600 / h burst 5", 1, 5),
        ("86400/d", 1, 86400),
    ],
)
def test_limits_as_they_are_written(written, rate, burst):
    limit = parse_limit(written)
    assert (limit.rate, limit.burst) == (rate, burst)


@pytest.mark.parametrize("written", ["off", "", "  "])
def test_no_limit(written):
    assert parse_limit(written) is None


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("no:address", "no:address"),
    ],
)
def test_one_client_is_one_address_or_one_64(address, client):
    assert rate_limit_key(address) == client


def test_the_wait_is_whole_seconds_until_a_token_is_there():
    limit = Limit(0.5, 10, "")
    assert Decision(allowed=False, tokens=0.0).seconds_until_allowed(limit) == 2
    assert Decision(allowed=False, tokens=0.9).seconds_until_allowed(limit) == 1
    assert Decision(allowed=True, tokens=9.0).seconds_until_full(limit) == 2


@given(
    rate=st.floats(0.001, 10_000),
    burst=st.integers(1, 100),
    gaps=st.lists(st.floats(0, 10), max_size=60),
)
def test_no_bucket_ever_gives_more_than_its_burst_and_its_rate_allow(rate, burst, gaps):
    limit = Limit(rate, burst, "")
    tokens, given_out, elapsed = float(burst), 0, 0.0
    for gap in gaps:
        tokens, elapsed = limit.refill(tokens, gap), elapsed + gap
        if tokens >= 1:
            tokens, given_out = tokens - 1, given_out + 1
        assert 0 <= tokens <= burst
    assert given_out <= burst + rate * elapsed + 1e-6


def test_the_buckets_of_a_process_are_bounded_and_the_idlest_goes_first(monkeypatch):
    monkeypatch.setattr(buckets, "MAX_BUCKETS", 3)
    kept, limit = ProcessBuckets(), parse_limit("1/h burst 2")
    for name in "abcad":
        assert kept.take_now(name, limit).allowed
    assert len(kept._buckets) == 3
    assert not kept.take_now("a", limit).allowed
    assert kept.take_now("b", limit).tokens == 1


def test_taking_a_token_in_the_process_waits_for_nothing():
    async def take():
        kept, limit = ProcessBuckets(), parse_limit("1/h burst 2")
        began = time.monotonic()
        decisions = [await kept.take("a", limit) for _ in range(1000)]
        return decisions, time.monotonic() - began

    decisions, elapsed = asyncio.run(take())
    assert [decision.allowed for decision in decisions[:3]] == [True, True, False]
    assert elapsed < 0.5
