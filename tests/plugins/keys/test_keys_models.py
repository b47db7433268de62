"""Pure functions of keys: texts, ids, hashes, durations and expiries."""

from datetime import UTC, datetime, timedelta

import pytest

from llmring_keys import models
from llmring_server.http.middleware.authentication import key_fault, project_id

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_a_new_key_is_valid_in_a_header():
    texts = {models.generate_key() for _ in range(1000)}
    assert len(texts) == 1000
    assert not any(key_fault(text) for text in texts)


def test_key_ids_sort_by_time():
    ids = [models.generate_key_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [id_[:14] for id_ in ids] == sorted(id_[:14] for id_ in ids)


def test_a_random_project_id_looks_like_that_of_a_plain_key():
    assert len(models.generate_project_id()) == len(project_id("key", b""))


def test_the_hash_depends_on_the_pepper_and_is_independent_of_the_project_id():
    one = models.hash_key("key", b"one")
    assert one != models.hash_key("key", b"two")
    assert len(one) == 32
    assert models._base32(one)[:26] != project_id("key", b"one").removeprefix("prj_")


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90", 90), ("45s", 45), ("30m", 1800), ("24h", 86400), ("90d", 7776000)]
)
def test_a_duration_is_parsed(text, seconds):
    assert models.parse_duration(text, models.MAX_GRACE) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "h", "-1h", "1.5h", "1w", "366d", "9" * 30])
def test_an_invalid_duration_is_refused(text):
    with pytest.raises(ValueError, match="a duration such as"):
        models.parse_duration(text, models.MAX_GRACE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90d", NOW + timedelta(days=90)),
        ("2026-02-28", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-02-01T10:00:00Z", datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ("2026-02-01T10:00:00", datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ("2026-02-01T10:00:00+02:00", datetime(2026, 2, 1, 8, tzinfo=UTC)),
    ],
)
def test_an_expiry_is_parsed(text, expected):
    assert models.parse_expiry(text, NOW) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-30", "0", "soon", "9999-12-31", "36501d", "2026-13-01", "9999-12-31T12:00:00Z",
        "9999-12-31T12:00:00-14:00", "0001-01-01T00:00:00+14:00",
    ],
)  # fmt: skip
def test_an_invalid_expiry_is_refused(text):
    with pytest.raises(ValueError, match=r"a time in the future|a duration"):
        models.parse_expiry(text, NOW)
