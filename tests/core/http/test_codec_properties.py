"""The checks of raw bytes, compared with slow and simple references."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from llmring_server.http.codec import text_problem

DEPTH = 4
CHARACTERS = st.sampled_from([*'[]{}",:\\ua0du8Cé', r"\u0000", r"\ud800", r"\udc00", r"\"", "\\\\", "\x01"])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


def depth_of(value):
    """Return the nesting depth of a value."""
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


def texts_of(value):
    """Yield every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)


def storable(value):
    return all("\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text) for text in texts_of(value))


def duplicates_refused(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name twice")
    return dict(pairs)


@settings(max_examples=400)
@given(json_values)
def test_a_body_is_too_deep_exactly_when_counting_says_so(value):
    fault = text_problem(json.dumps(value).replace("\\u0000", "").encode(), DEPTH)
    too_deep = fault is not None and fault.status.startswith("400")
    assert too_deep == (depth_of(value) > DEPTH) or (fault is not None and fault.status.startswith("422"))


@settings(max_examples=400)
@given(json_values)
def test_a_body_is_rejected_exactly_when_its_decoded_texts_cannot_be_stored(value):
    fault = text_problem(json.dumps(value).encode(), 1000)
    assert (fault is None) == storable(value)


@settings(max_examples=1500)
@given(st.lists(CHARACTERS, max_size=12).map("".join))
def test_a_text_is_rejected_exactly_when_its_decoded_form_cannot_be_stored(inner):
    body = f'"{inner}"'
    try:
        value = json.loads(body, strict=False)
    except ValueError:
        return
    assert (text_problem(body.encode(), 1000) is None) == storable(value)


@settings(max_examples=1500)
@given(st.lists(CHARACTERS, max_size=20).map("".join))
def test_the_depth_of_any_json_is_counted_right(body):
    try:
        value = json.loads(body, object_pairs_hook=duplicates_refused)
    except ValueError:
        return
    fault = text_problem(body.encode(), 1)
    if storable(value):
        assert (fault is not None) == (depth_of(value) > 1)


@settings(max_examples=500)
@given(st.binary(max_size=40))
def test_any_bytes_are_checked_without_failing(body):
    text_problem(body, DEPTH)
