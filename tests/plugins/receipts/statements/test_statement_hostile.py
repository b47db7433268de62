"""`statement verify` with changed or forged files, and the same verdict from every verifier."""

import json
import subprocess
from pathlib import Path

import msgspec
import pytest
from statement_kit import START, StatementFolder, call, line_of_csv, rows, run, write_rows

import llmring_receipts
from llmring_receipts.formats import keys, signing
from llmring_server.tlog.hashing import leaf_hash
from llmring_server.verifying.verdict import Verdict
from offline_kit import checked_alone


@pytest.mark.slow
def test_no_byte_of_a_statement_can_be_changed(books):
    statement, _ = books.state(call(1))
    content = statement.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        statement.write_bytes(changed)
        assert books.verify(statement).status in (1, 2), place


def test_no_byte_of_the_lines_can_be_changed(books):
    statement, table = books.state(call(1), call(2))
    content = table.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        table.write_bytes(changed)
        said = books.verify(statement, "--lines", table)
        assert said.status in (1, 2), (place, said.text)


def test_a_statement_of_a_key_that_is_not_in_the_set_is_refuted(books, stated, tmp_path):
    (tmp_path / "other").mkdir()
    other = StatementFolder(tmp_path / "other")
    said = other.verify(stated[0])
    assert (said.status, "which is not in the set of keys" in said.text) == (1, True)


def test_a_statement_of_a_compromised_key_is_refuted(books, stated):
    content = json.loads((books.folder / "jwks.json").read_bytes())
    content["keys"], content["compromised"] = [], content["keys"]
    (books.folder / "jwks.json").write_text(json.dumps(content))
    said = books.verify(stated[0])
    assert (said.status, "is compromised" in said.text) == (1, True)


def test_a_statement_dated_after_its_key_was_retired_is_refuted(books, stated):
    content = json.loads((books.folder / "jwks.json").read_bytes())
    content["keys"][0]["retired_at"] = START.isoformat()
    (books.folder / "jwks.json").write_text(json.dumps(content))
    assert books.verify(stated[0]).status == 1


def test_a_receipt_is_no_statement_and_a_statement_no_receipt(books, stated):
    receipt = books.folder / "receipt.json"
    receipt.write_text(json.dumps(books.signer.sign()))
    assert books.verify(receipt).status == 2
    said = run("verify", stated[0], "--keys", books.folder / "jwks.json")
    assert (said.status, "is not a receipt" in said.text) == (2, True)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"a":1,"a":2}', b"\xff", b'{"type":"llmring-statement/1"}'])
def test_what_is_no_statement_cannot_be_checked(books, content):
    path = books.folder / "broken.json"
    path.write_bytes(content)
    said = books.verify(path, "--json")
    assert (said.status, said.verdict["outcome"]) == (2, "unreadable")


@pytest.mark.parametrize("content", [b"", b"a,b\r\n", b"\xff\xfe"])
def test_what_is_no_csv_of_lines_cannot_be_checked(books, stated, content):
    stated[1].write_bytes(content)
    assert books.verify(stated[0], "--lines", stated[1]).status == 2


def test_a_line_of_an_enormous_number_is_added_and_what_it_leaves_out_missing(books, stated):
    table = rows(stated[1])
    table[10][table[0].index("seq")] = "9" * 29
    write_rows(stated[1], table)
    said = books.verify(stated[0], "--lines", stated[1])
    assert (said.status, f"Lines 10 to {int('9' * 29) - 1} are missing" in said.text) == (1, True)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"lines":' + b"[" * 100_000])
def test_lines_that_are_nested_too_deep_cannot_be_checked(books, stated, content):
    path = books.folder / "line.json"
    path.write_bytes(content)
    assert books.verify(stated[0], "--line", path).status == 2


def test_a_line_nested_too_deep_in_its_text_cannot_be_checked(books, stated):
    path = books.folder / "line.json"
    line = {"number": 1, "line": '{"more":' + "[" * 100_000, "index": 0, "count": 10, "path": []}
    path.write_text(json.dumps({"lines": [line]}))
    assert books.verify(stated[0], "--line", path).status == 2


SPELLINGS = {
    "a member twice": lambda line: line.replace('"amount":', '"amount":"0","amount":', 1),
    "a member of no line": lambda line: line.removesuffix("}") + ',"paid":"yes"}',
    "a space": lambda line: line.replace(",", ", ", 1),
    "an escape": lambda line: line.replace("openai", "\\u006fpenai"),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_line_that_two_readers_may_read_differently_is_not_proven(books, spelling):
    statement, table = books.state(call(1))
    line = line_of_csv(table, 0).canonical().decode()
    path, proof = books.folder / "line.json", {"number": 1, "line": line, "index": 0, "count": 1, "path": []}
    path.write_text(json.dumps({"lines": [proof]}))
    assert books.verify(statement, "--line", path).status == 0
    said = {name: value for name, value in json.loads(statement.read_bytes()).items() if name != "signature"}
    said["lines"]["root"] = keys.encode(leaf_hash(spelling(line).encode()))
    statement.write_bytes(signing.sign(said, books.signer.private))
    path.write_text(json.dumps({"lines": [proof | {"line": spelling(line)}]}))
    found = books.verify(statement, "--line", path)
    assert (found.status, "It is not in canonical form" in found.text) == (1, True)


def test_a_file_that_is_not_there_cannot_be_checked(books, stated):
    assert books.verify(stated[0], "--lines", "nowhere.csv").status == 2
    assert books.verify("nowhere.json").status == 2


def test_the_verdict_as_json_keeps_to_its_schema(books, stated):
    write_rows(stated[1], rows(stated[1])[:-1])
    for said in (books.verify(stated[0], "--json"), books.verify(stated[0], "--lines", stated[1], "--json")):
        verdict = msgspec.json.decode(said.text, type=Verdict, strict=True)
        assert verdict.status == said.status
        assert set(said.verdict) == {"subject", "outcome", "proven", "not_proven", "faults"}


def test_statements_are_checked_without_the_server_and_its_libraries(books, stated):
    known = ["--keys", books.folder / "jwks.json"]
    status, text, imported = checked_alone("statement", "verify", stated[0], *known, "--lines", stated[1])
    assert (status, "These are the 10 lines" in text, imported) == (0, True, ["tlog", "verifying"])


@pytest.mark.usefixtures("node")
def test_node_verifies_a_statement(books, stated):
    program = Path(str(llmring_receipts.__file__)).with_name("bundles") / "files" / "check.mjs"
    command = ["node", str(program), str(stated[0]), str(books.folder / "jwks.json")]
    good = subprocess.run(command, text=True, capture_output=True, timeout=60)
    assert (good.returncode, good.stdout.strip()) == (0, "valid"), good.stderr
    stated[0].write_bytes(stated[0].read_bytes().replace(b'"count":10', b'"count":11'))
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 1


def test_the_server_s_own_command_gives_the_same_verdict(books, stated, llmring_cli):
    known = ["--keys", str(books.folder / "jwks.json")]
    ran = llmring_cli("statement", "verify", str(stated[0]), *known, "--lines", str(stated[1]))
    assert (ran.returncode, ran.stdout) == (0, books.verify(stated[0], "--lines", stated[1]).text)
    write_rows(stated[1], rows(stated[1])[:-1])
    assert llmring_cli("statement", "verify", str(stated[0]), *known, "--lines", str(stated[1])).returncode == 1
