"""Request bodies: size, depth, encoding and characters."""

import gzip
import json
import socket

import pytest
from core_kit import serves

from llmring_server.http.operations import operation
from llmring_server.runtime.inflate import InvalidGzip, inflate
from llmring_server.testing import make_plugin

PATH = "/api/v1/aliases/bind"
LIMIT = 4096


@pytest.fixture
def server(llmring_shared):
    return llmring_shared(["aliases"], max_body_bytes=LIMIT, max_batch_bytes=4 * LIMIT)


@pytest.fixture
def post(server):
    client = server.client()

    def send(content, path=PATH, **headers):
        sent = {"Content-Type": "application/json", **{n.replace("_", "-"): v for n, v in headers.items()}}
        return client.post(path, content=content, headers=sent)

    return send


def binding(**members):
    return json.dumps({"alias": "a", "model": "m:n", **members}).encode()


def padded(size):
    return binding() + b" " * (size - len(binding()))


def test_a_body_of_the_maximum_size_is_accepted(post):
    assert post(padded(LIMIT)).status_code == 200


def test_a_larger_body_is_413_and_names_the_limit(post):
    answer = post(padded(LIMIT + 1))
    assert (answer.status_code, answer.json()["detail"]) == (
        413,
        "The body is larger than 4096 bytes. Send less at once.",
    )


def test_a_batch_route_accepts_larger_bodies(post):
    bulk = json.dumps([{"alias": "a", "model": "m:n", "metadata": "x" * LIMIT}])
    assert post(bulk, "/api/v1/aliases/bulk_upsert").status_code == 200
    assert post(b" " * (4 * LIMIT + 1), "/api/v1/aliases/bulk_upsert").status_code == 413


def chunks(body, size=1000):
    return (body[at : at + size] for at in range(0, len(body), size))


def test_a_chunked_body_is_accepted(post):
    assert post(chunks(padded(LIMIT))).status_code == 200


def test_a_larger_chunked_body_is_413(post):
    assert post(chunks(padded(LIMIT + 1))).status_code == 413


def test_gzip_is_accepted(post):
    assert post(gzip.compress(binding()), Content_Encoding="gzip").status_code == 200


def test_gzip_of_several_members_padded_with_zeros_is_accepted(post):
    body = binding()
    assert (
        post(gzip.compress(body[:5]) + gzip.compress(body[5:]) + b"\0" * 9, Content_Encoding="gzip").status_code == 200
    )


def test_members_of_gzip_share_one_limit(post):
    assert post(gzip.compress(b" " * 3_000) + gzip.compress(b" " * 3_000), Content_Encoding="gzip").status_code == 413


def test_gzip_of_too_many_members_is_refused():
    with pytest.raises(InvalidGzip, match="more than 10,000 members"):
        inflate(gzip.compress(b"") * 800_000, LIMIT)


def test_a_gzip_bomb_is_413(post):
    bomb = gzip.compress(b" " * 50_000_000)
    assert post(bomb[:LIMIT], Content_Encoding="gzip").status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(binding())[:-4], gzip.compress(binding()) + b"more"],
    ids=["other bytes", "cut short", "bytes after its end"],
)
def test_invalid_gzip_is_400(post, body):
    assert post(body, Content_Encoding="gzip").status_code == 400


def test_another_encoding_is_415(post):
    assert post(binding(), Content_Encoding="br").status_code == 415


@pytest.mark.parametrize("encoding", ["identity", "Identity"])
def test_identity_is_no_encoding(post, encoding):
    assert post(binding(), Content_Encoding=encoding).status_code == 200


@pytest.mark.parametrize("media", ["application/json", "application/json; charset=utf-8", "application/vnd.x+json"])
def test_json_media_types_are_accepted(post, media):
    assert post(binding(), Content_Type=media).status_code == 200


def test_another_type_is_415_with_the_supported_one(post):
    answer = post(b"alias=a", Content_Type="application/x-www-form-urlencoded")
    assert answer.status_code == 415
    assert answer.json()["detail"].endswith("Send application/json.")


@pytest.mark.parametrize("body", [b"", b"{", b"nul", b"{'a': 1}", b"\xef\xbb\xbf{}", b"NaN", b"\x00"])
def test_invalid_json_is_400(post, body):
    assert post(body).status_code == 400


def nested(depth):
    return b'{"alias":"a","model":"m:n","metadata":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_nesting_up_to_the_limit_is_accepted(post):
    assert post(nested(64)).status_code == 200


def test_nesting_beyond_the_limit_is_400(post):
    answer = post(nested(65))
    assert (answer.status_code, answer.json()["detail"]) == (400, "The body is nested deeper than 64 levels.")


@pytest.mark.parametrize("body", [b"[" * 4000, b'{"a":' * 800, b"[" * 2000 + b"]" * 2000])
def test_an_extremely_deep_body_is_rejected(post, body):
    assert post(body).status_code in (400, 422)


@pytest.mark.parametrize("text", [r"\u0000", r"a\u0000b", r"\ud800", r"\udfff", r"\udc00\ud800", r"\ud83d\u0020"])
@pytest.mark.parametrize("member", ["alias", "metadata", "unknown"])
def test_u0000_and_lone_surrogates_are_422_anywhere(post, text, member):
    body = f'{{"alias":"a","model":"m:n","{member}":"{text}"}}'
    assert post(body.encode()).status_code == 422


def test_u0000_in_a_field_name_is_422(post):
    assert post(b'{"alias":"a","model":"m:n","metadata":{"a\\u0000":1}}').status_code == 422


@pytest.mark.parametrize("text", [r"\\u0000", r"\ud83d\ude00", "😀", r"\u0001", r"\"\\", "\\u00e9é"])
def test_all_other_text_is_stored(post, text):
    answer = post(f'{{"alias":"a","model":"m:n","metadata":"{text}"}}'.encode())
    assert answer.status_code == 200
    assert answer.json()["metadata"] == json.loads(f'"{text}"')


@pytest.mark.parametrize("raw", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"])
def test_invalid_utf8_is_400(post, raw):
    assert post(b'{"alias":"a","model":"m:n","metadata":"' + raw + b'"}').status_code == 400


@pytest.mark.parametrize("raw", [b"\x00", b"\x01", b"\n", b"\x1f"])
def test_an_unescaped_control_character_is_rejected(post, raw):
    answer = post(b'{"alias":"a","model":"m:n","metadata":"' + raw + b'"}')
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("value", ["1e400", "-0", "123456789012345678901234567890.123456789", "1E-400", "[1.0, 1.10]"])
def test_any_number_in_metadata_is_returned_unchanged(post, value):
    answer = post(f'{{"alias":"a","model":"m:n","metadata":{value}}}'.encode())
    assert answer.status_code == 200
    assert f'"metadata":{value}' in answer.text


def test_an_incomplete_body_has_no_effect(llmring_live):
    seen = []

    @operation(body=list, accepts=("application/x-ndjson",), raw=True)
    async def take(self, req, resp, body):
        seen.append(body)

    server = llmring_live([make_plugin("take", llmring_routes=serves("/take", take, public=True))])
    head = b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: 99\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10) as wire:
        wire.sendall(head + b'{"whole": 1}\n')
        wire.shutdown(socket.SHUT_WR)
        while wire.recv(4096):
            pass
    assert server.client().get("/health/live").status_code == 200
    assert seen == []
