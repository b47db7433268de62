"""Store, list, get and verify receipts; projects are separate."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from receipts_kit import PAYLOAD, Signer

from llmring_receipts.formats.canonical import canonicalize

RECEIPTS = "/api/v1/receipts"


def put(client, receipt):
    return client.post(f"{RECEIPTS}/", json={"receipt": receipt})


def test_a_receipt_is_stored_once_and_exists_afterwards(client, issue):
    receipt = issue().json()
    assert put(client, receipt).json() == {"receipt_id": receipt["id"], "status": "verified"}
    assert put(client, receipt).json() == {"receipt_id": receipt["id"], "status": "exists"}


def test_a_stored_receipt_comes_back_byte_for_byte(client, issue):
    issued = issue(ext={"ü": "😀"})
    shuffled = dict(reversed(issued.json().items()))
    put(client, shuffled)
    assert client.get(f"{RECEIPTS}/{shuffled['id']}").content == issued.content


def test_storing_needs_a_project_key(server, issue):
    assert put(server.client(None), issue().json()).status_code == 401


@pytest.mark.own_server
def test_another_receipt_under_one_id_is_409_and_its_digest_is_stored(server, client, signer):
    first, second = signer.sign(model="a:first"), signer.sign(model="a:second")
    put(client, first)
    assert put(client, second).status_code == 409
    assert client.get(f"{RECEIPTS}/by-hand").json() == first
    (row,) = server.rows("SELECT receipt_id, digest, kept_digest, key_id FROM receipt_conflicts")
    assert row == {
        "receipt_id": "by-hand",
        "digest": hashlib.sha256(canonicalize(second)).digest(),
        "kept_digest": hashlib.sha256(canonicalize(first)).digest(),
        "key_id": signer.key_id,
    }


@pytest.mark.own_server
def test_a_conflict_sent_twice_is_stored_once(server, client, signer):
    for model in ("a:first", "a:second", "a:second"):
        put(client, signer.sign(model=model))
    assert len(server.rows("SELECT 1 FROM receipt_conflicts")) == 1


def test_of_several_sent_at_once_under_one_id_exactly_one_is_stored(server, signer):
    versions = [signer.sign(model=f"a:{number % 2}") for number in range(8)]
    clients = [server.client("one") for _ in versions]
    with ThreadPoolExecutor(len(versions)) as pool:
        answers = list(pool.map(put, clients, versions))
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [409] * 4
    assert [answer.json().get("status") for answer in answers if answer.is_success].count("verified") == 1


@pytest.mark.own_server
def test_a_bad_signature_is_400_and_nothing_is_stored(server, client, issue):
    receipt = {**issue().json(), "model": "a:dearer"}
    assert put(client, receipt).status_code == 400
    assert server.rows("SELECT 1 FROM receipts UNION ALL SELECT 1 FROM receipt_conflicts") == []


def test_a_receipt_of_an_unknown_key_is_422(client):
    answer = put(client, Signer().sign())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["body", "receipt", "key_id"]


@pytest.mark.parametrize("members", [{"id": None}, {"id": "a b"}, {"timestamp": "yesterday"}, {"timestamp": None}])
def test_a_receipt_that_could_not_be_found_again_is_422(client, signer, members):
    assert put(client, signer.sign(**members)).status_code == 422


def test_the_same_id_in_two_projects_is_two_receipts(server, signer):
    for project in ("one", "two"):
        assert put(server.client(project), signer.sign(model=f"a:{project}")).json()["status"] == "verified"
    assert server.client("two").get(f"{RECEIPTS}/by-hand").json()["model"] == "a:two"


def test_another_projects_receipt_looks_like_an_unknown_one(server, issue):
    receipt_id = issue(store=True).json()["id"]
    other, unknown = (server.client("two").get(f"{RECEIPTS}/{id_}") for id_ in (receipt_id, "unknown"))
    assert other.status_code == unknown.status_code == 404
    assert other.json()["detail"].replace(receipt_id, "unknown") == unknown.json()["detail"]


def test_another_projects_receipts_are_not_listed(server, issue):
    issue(store=True)
    assert server.client("two").get(RECEIPTS).json() == []


@pytest.mark.parametrize("receipt_id", ["%00", "a%2Fb", "%F0%9F%98%80", "x" * 300])
def test_what_cannot_be_an_id_is_404(client, receipt_id):
    assert client.get(f"{RECEIPTS}/{receipt_id}").status_code == 404


def test_paging_gives_each_receipt_once_newest_first(client, issue):
    issued = [
        issue(store=True, id=f"r{number}", timestamp=f"2026-01-0{1 + number // 3}T00:00:00Z").content
        for number in range(7)
    ]
    pages, address = [], f"{RECEIPTS}?limit=2"
    while address:
        answer = client.get(address)
        pages.append(answer.json())
        address = answer.links["next"]["url"] if "next" in answer.links else None
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert [receipt for page in pages for receipt in page] == [json.loads(text) for text in reversed(issued)]


def test_a_list_holds_the_receipts_bytes_untouched(client, issue):
    issued = issue(store=True)
    assert client.get(RECEIPTS, params={"limit": "", "cursor": ""}).content == b"[" + issued.content + b"]"


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "cursor=x", "cursor=bm9uZQ", "cursor=%C3%BC"])
def test_a_query_that_is_not_valid_is_422(client, query):
    assert client.get(f"{RECEIPTS}?{query}").status_code == 422


def test_anyone_may_verify(server, issue):
    answer = server.client(None).post(f"{RECEIPTS}/verify", json={"receipt": issue().json()})
    assert answer.json()["valid"] is True


@pytest.mark.parametrize(
    "change",
    [
        {"model": "a:b"},
        {"id": "other"},
        {"timestamp": "2026-01-31T12:00:00.000001Z"},
        {"alias": None},
        {"tokens": {"input": 121, "output": 30}},
        {"cost": {"amount": "0.00046"}},
        {"added": 1},
    ],
)
def test_changing_anything_makes_it_invalid(verify, signer, change):
    verdict = verify({**signer.sign(), **change})
    assert verdict["valid"] is False
    assert "changed" in verdict["reason"]


def test_omitting_a_field_makes_it_invalid(verify, signer):
    receipt = signer.sign()
    del receipt["alias"]
    assert verify(receipt)["valid"] is False


def test_a_receipt_of_others_with_a_numeric_amount_verifies_and_is_stored(client, verify, signer):
    receipt = signer.sign(cost={"amount": 0.1 + 0.2, "currency": "USD"})
    assert verify(receipt)["valid"] is True
    assert put(client, receipt).json()["status"] == "verified"
    assert client.get(f"{RECEIPTS}/by-hand").content == canonicalize(receipt)


def test_unknown_fields_are_covered_and_stored(client, verify, signer):
    receipt = signer.sign(region="eu", cost={"amount": "1", "tax": "0.2"}, tokens={"input": 1, "audio": 5})
    assert put(client, receipt).json()["status"] == "verified"
    assert client.get(f"{RECEIPTS}/by-hand").json() == receipt
    assert verify({**receipt, "tokens": {"input": 1, "audio": 6}})["valid"] is False


def test_fields_beside_the_receipt_are_ignored(client, signer):
    body = {"receipt": signer.sign(), "note": "x"}
    assert client.post(f"{RECEIPTS}/verify", json=body).json()["valid"] is True


SPELLINGS = {
    "padded": lambda text: text + "==",
    "other alphabet": lambda text: text.replace("-", "+").replace("_", "/") + "/",
    "last bits differ": lambda text: text[:-1] + chr(ord(text[-1]) + 1),
    "upper-case scheme": lambda text: text.replace("ed25519", "ED25519"),
    "no scheme": lambda text: text.removeprefix("ed25519:"),
    "space before": lambda text: " " + text,
    "line end after": lambda text: text + "\n",
    "short": lambda text: text[:-1],
    "number": lambda text: 5,
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_signature_has_one_encoding_only(client, verify, signer, spell):
    receipt = signer.sign()
    receipt["signature"] = spell(receipt["signature"])
    verdict = verify(receipt)
    assert verdict["valid"] is False
    assert "86 characters" in verdict["reason"]
    assert put(client, receipt).status_code == 400


@pytest.mark.parametrize("change", [{"signature": None}, {"key_id": None}, {"key_id": "unknown"}, {"key_id": 5}])
def test_a_receipt_without_signature_or_known_key_is_not_valid(verify, signer, change):
    verdict = verify({**signer.sign(), **change})
    assert verdict["valid"] is False
    assert verdict["reason"]


@pytest.mark.parametrize(
    "text",
    [b"{", b'{"receipt": {"a": 1, "a": 1}}', b'{"receipt": {"a": NaN}}', rb'{"receipt": {"a": "\u0000"}}', b"\xff"],
)
@pytest.mark.parametrize("path", [RECEIPTS, f"{RECEIPTS}/verify"])
def test_malformed_json_is_400(client, path, text):
    answer = client.post(path, content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["errors"]


@pytest.mark.parametrize("body", [{}, {"receipt": None}, {"receipt": []}, [], "x"])
def test_a_body_without_a_receipt_is_422(client, body):
    assert client.post(f"{RECEIPTS}/verify", json=body).status_code == 422


def test_a_receipt_of_32_levels_verifies_in_its_envelope(verify, signer):
    deep: object = 1
    for _ in range(31):
        deep = [deep]
    assert verify(signer.sign(ext=deep))["valid"] is True


def test_every_call_is_in_the_openapi_description(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert {path for path in paths if "receipts" in path} == {
        RECEIPTS,
        f"{RECEIPTS}/issue",
        f"{RECEIPTS}/verify",
        f"{RECEIPTS}/calls",
        f"{RECEIPTS}/{{receipt_id}}",
        f"{RECEIPTS}/{{receipt_id}}/call",
        "/receipts/public-key.pem",
        "/receipts/public-keys.json",
    }
    assert (
        PAYLOAD.keys()
        <= client.get("/openapi.json").json()["components"]["schemas"]["ReceiptDraft"]["properties"].keys()
    )


def test_pages_of_receipts_end_at_their_bytes_and_have_each_receipt_once(client, issue):
    stored = []
    for number in range(25):
        receipt = issue(ext={"text": "x" * 50_000, "number": str(number)}).json()
        assert put(client, receipt).status_code == 200
        stored.append(receipt["id"])
    pages, answer = [], client.get(RECEIPTS, params={"limit": 500})
    while True:
        pages.append([receipt["id"] for receipt in answer.json()])
        if "next" not in answer.links:
            break
        answer = client.get(answer.links["next"]["url"])
    assert len(pages) == 2
    assert sorted(id for page in pages for id in page) == sorted(stored)
