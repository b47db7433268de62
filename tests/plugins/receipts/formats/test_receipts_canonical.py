"""Canonical JSON: the RFC's vectors, and what is rejected with its path."""

import json
import struct
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmring_receipts.formats.canonical import InvalidValue, canonicalize, format_amount, parse

# RFC 8785 appendix B: the bits of a double, and how it is spelt.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


def place_of(text: bytes, **options: bool) -> tuple[str | int, ...]:
    with pytest.raises(InvalidValue) as refused:
        parse(text, **options)
    return refused.value.path


@pytest.mark.parametrize(("bits", "spelt"), NUMBERS)
def test_a_double_is_written_as_in_rfc_8785_appendix_b(bits, spelt):
    assert canonicalize(struct.unpack(">d", bytes.fromhex(bits))[0]).decode() == spelt


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000"])
def test_nan_and_infinity_have_no_canonical_form(bits):
    with pytest.raises(ValueError, match="not representable"):
        canonicalize(struct.unpack(">d", bytes.fromhex(bits))[0])


def test_the_example_of_rfc_8785_section_3_2_2_comes_out_as_printed_there():
    text = rb"""{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    }"""
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonicalize(parse(text)).decode() == expected


def test_names_are_sorted_by_utf_16_as_in_rfc_8785_section_3_2_3():
    text = (
        rb'{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",'
        rb'"\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}'
    )
    value = parse(text)
    expected = [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]
    assert list(json.loads(canonicalize(value)).values()) == expected


def test_duplicate_names_are_refused_with_their_place():
    assert place_of(b'{"ext": [{"a": 1, "b": {"c": 1, "c": 1}}]}') == ("ext", 0, "b")


def test_a_duplicate_written_with_an_escape_is_refused():
    assert place_of(rb'{"a": 1, "\u0061": 2}') == ()


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"-Infinity"])
def test_nan_and_infinity_are_refused_with_their_place(text):
    assert place_of(b'{"cost": {"amount": %b}}' % text) == ("cost", "amount")


@pytest.mark.parametrize("exact", [False, True])
def test_a_number_beyond_a_double_is_refused_with_its_path(exact):
    assert place_of(b'{"a": [0, 1e400]}', exact=exact) == ("a", 1)


@pytest.mark.parametrize("text", [b"9007199254740992", b"-9007199254740992", b"9007199254740993.0", b"1" * 5000])
def test_an_integer_past_2_to_the_53_is_refused_with_its_path(text):
    assert place_of(b'{"n": %b}' % text) == ("n",)


def test_the_largest_safe_integer_is_stored():
    assert canonicalize(parse(b'{"n": 9007199254740991}')) == b'{"n":9007199254740991}'


@pytest.mark.parametrize("text", [rb'"\ud800"', rb'"\udc00x"', rb'"\ud800\ud800"'])
def test_a_lone_surrogate_is_refused_with_its_path(text):
    assert place_of(b'{"model": %b}' % text) == ("model",)


def test_a_lone_surrogate_in_a_name_is_refused():
    assert place_of(rb'{"ext": {"\ud800": 1}}') == ("ext",)


def test_u_0000_is_refused_with_its_path():
    assert place_of(rb'{"ext": {"a": ["x", "y\u0000"]}}') == ("ext", "a", 1)


def test_32_levels_are_read_and_33_are_refused():
    assert parse(b"[" * 32 + b"]" * 32)
    assert len(place_of(b"[" * 33 + b"]" * 33)) == 32


def test_nesting_as_deep_as_a_body_is_long_is_refused():
    assert place_of(b"[" * 65000) == ()


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[1,]", b"{'a': 1}", b'"\n"', b"01", b"1 2", b"\xef\xbb\xbf{}", b'"\xff"']
)
def test_what_is_not_json_is_refused(text):
    assert place_of(text) == ()


def test_canonical_bytes_read_back_to_the_same_bytes():
    text = canonicalize(parse('{"b": [1.50, 1e30, -0.0, "😀ü\\n"], "a": {"ﬁ": null, "😀": true}}'.encode()))
    assert canonicalize(parse(text)) == text


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_any_value_without_floats_is_written_the_same_from_any_text(value):
    read = parse(json.dumps(value, indent=1).encode())
    assert read == value
    assert canonicalize(parse(canonicalize(read))) == canonicalize(read)


@pytest.mark.parametrize(
    ("given_", "written"),
    [
        (0, "0"),
        (Decimal("-0.0"), "0"),
        (Decimal("0e-999999999"), "0"),
        (12, "12"),
        (120, "120"),
        (Decimal("0.10"), "0.1"),
        (Decimal("1e-5"), "0.00001"),
        (Decimal("1E+3"), "1000"),
        (Decimal("250.000000000001"), "250.000000000001"),
        ("0.000000000001", "0.000000000001"),
        ("0.1000000000000000000", "0.1"),
        ("999999999999999.999999999999", "999999999999999.999999999999"),
        ("1e-05", "0.00001"),
    ],
)
def test_an_amount_is_written_exactly_without_an_exponent(given_, written):
    assert format_amount(given_) == written


@pytest.mark.parametrize(
    "given_",
    [
        Decimal("1e-61"),
        "0." + "3" * 61,
        Decimal("1e-999999999"),
        Decimal("1e999999"),
        "1000000000000000",
        -1,
        "-0.5",
        "NaN",
        "Infinity",
        Decimal("NaN"),
        Decimal("Infinity"),
        "1_000",
        " 1",
        "1,5",
        "+1",
        "",
        "٣",
        True,
        None,
        [1],
    ],
)
def test_an_amount_that_cannot_be_written_exactly_is_refused(given_):
    with pytest.raises(ValueError, match="an amount"):
        format_amount(given_)


@pytest.mark.parametrize("text", ["0.00010811999999999999", "0.30000000000000004", "999999999999999." + "1" * 60])
def test_an_amount_that_was_computed_in_floats_keeps_every_digit(text):
    assert format_amount(text) == format_amount(Decimal(text)) == text


@given(st.integers(0, 10**15 - 1), st.integers(0, 10**12 - 1))
def test_an_amount_keeps_every_digit(whole, fraction):
    text = f"{whole}.{fraction:012d}"
    assert Decimal(format_amount(text)) == Decimal(format_amount(Decimal(text))) == Decimal(text)
