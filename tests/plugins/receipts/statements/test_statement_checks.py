"""`statement verify`: what it proves, and that it names each line that was removed, changed or moved."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from statement_kit import END, StatementFolder, call, leaves, line_of_csv, root, rows, write_rows

from llmring_receipts.formats import keys, signing
from llmring_receipts.statements.formats.lines import StatementLine

LATER, LATEST = END + timedelta(days=30), END + timedelta(days=61)


def test_all_lines_of_a_statement_are_proven(books, stated):
    said = books.verify(stated[0], "--lines", stated[1])
    assert said.status == 0
    assert (
        "These are the 10 lines of the statement, numbers 1 to 10: none is missing, changed, moved or added"
        in said.text
    )
    assert "That the calls took place" in said.text.partition("Not proven:")[2]


def test_a_line_that_was_taken_out_is_named(books, stated):
    table = rows(stated[1])
    write_rows(stated[1], table[:4] + table[5:])
    said = books.verify(stated[0], "--lines", stated[1])
    assert said.status == 1
    assert "Line 4 is missing" in said.text


def test_lines_that_were_cut_off_at_the_end_are_named(books, stated):
    write_rows(stated[1], rows(stated[1])[:8])
    assert "Lines 8 to 10 are missing" in books.verify(stated[0], "--lines", stated[1]).text


def test_a_changed_cost_is_named(books, stated):
    table = rows(stated[1])
    table[7][table[0].index("cost")] = table[7][table[0].index("amount")] = "0.01"
    write_rows(stated[1], table)
    said = books.verify(stated[0], "--lines", stated[1])
    assert said.status == 1
    assert "Row 8: line 7 (call 00000000-0000-0000-0000-000000000007) was changed" in said.text
    assert "line 6 " not in said.text.lower()
    assert "The hash column matches the statement" in said.text


def test_a_changed_line_with_a_matching_hash_is_seen_in_the_root_and_the_totals(books, stated):
    table = rows(stated[1])
    header = table[0]
    table[7][header.index("cost")] = table[7][header.index("amount")] = "0.01"
    forged = StatementLine(**{name: text for name, text in zip(header, table[7], strict=True) if name != "hash"})
    table[7][header.index("hash")] = keys.encode(forged.hash)
    write_rows(stated[1], table)
    said = books.verify(stated[0], "--lines", stated[1])
    assert said.status == 1
    assert "do not match the signed root" in said.text
    assert "The lines of openai:gpt-5 do not add up" in said.text


def test_a_line_that_was_moved_is_named(books, stated):
    table = rows(stated[1])
    table[3], table[4] = table[4], table[3]
    write_rows(stated[1], table)
    said = books.verify(stated[0], "--lines", stated[1])
    assert said.status == 1
    assert "Row 5: line 3 was moved; it is after line 4" in said.text
    assert "missing" not in said.text.partition("Proven:")[0]


def test_a_line_that_comes_twice_is_named(books, stated):
    table = rows(stated[1])
    write_rows(stated[1], [*table[:6], table[5], *table[6:]])
    assert "Row 7: line 5 is a duplicate" in books.verify(stated[0], "--lines", stated[1]).text


def test_lines_that_were_added_are_named(books, stated):
    _, other = books.state(call(10), start=END)
    table = rows(stated[1])
    write_rows(stated[1], [*table, rows(other)[1]])
    said = books.verify(stated[0], "--lines", stated[1])
    assert "The file continues to line 11; the statement ends with line 10" in said.text


def test_a_file_with_many_faults_counts_those_it_does_not_name(books):
    statement, table = books.state(*(call(number) for number in range(200)))
    header, *found = rows(table)
    place = header.index("hash")
    write_rows(table, [header, *([*row[:place], keys.encode(bytes(32)), *row[place + 1 :]] for row in found)])
    assert "150 more faults" in books.verify(statement, "--lines", table).text


@pytest.mark.parametrize(
    "text", ["=cmd()", "'quoted'", "+1", "@x", "a,b", 'say "a"', "line\r\nbreak", "\ttab", "é😀\u2028", "\x7f\x1f\b"]
)
def test_any_text_of_a_call_comes_back_from_the_csv(books, text):
    statement, table = books.state(call(1, alias=text, origin=text, model=text))
    assert books.verify(statement, "--lines", table).status == 0


def test_the_root_is_that_of_rfc_6962_over_rfc_8785(books):
    statement, table = books.state(
        *(call(number) for number in range(70)), call(70, alias='é\b\x1f\u2028"\\/', cost=None)
    )
    cells = [dict(zip(rows(table)[0], row, strict=True)) for row in rows(table)[1:]]
    text = io.StringIO()
    writer = csv.DictWriter(text, rows(table)[0])
    writer.writeheader()
    writer.writerows(cells)
    assert json.loads(statement.read_bytes())["lines"]["root"] == root(leaves(text.getvalue()))


def test_a_spreadsheet_finds_no_formula_in_the_csv(books):
    _, table = books.state(call(1, alias="=1+1", origin="@x"), call(2, alias="a;=1", origin="\n\uff1d1"))
    cells = [part for row in rows(table) for cell in row for part in re.split("[;\n]", cell)]
    assert not any(cell.lstrip().startswith(("=", "+", "@", "\uff1d")) for cell in cells)


@pytest.mark.parametrize("text", ["=1", "'=1", "''", "a;=1", "a;'=1", "a;''\"=1", "\n=1", "\t'\uff1d1", ";;=1;\r\n-1"])
def test_text_with_formulas_and_apostrophes_verifies(books, text):
    statement, table = books.state(call(1, alias=text, origin=text))
    assert books.verify(statement, "--lines", table).status == 0


def test_a_statement_follows_the_one_before(books, stated):
    following, _ = books.state(call(20), start=END)
    assert "previous" in books.verify(following, "--json").codes("not_proven")
    said = books.verify(following, "--previous", stated[0], "--json")
    assert said.status == 0
    assert said.codes("proven") == ["signature", "previous", "previous-lines"]


def test_a_line_that_is_missing_around_a_statement_without_lines_is_seen(books, stated):
    empty, _ = books.state(start=END, end=LATER)
    books.seq += 1
    last, _ = books.state(call(20), start=LATER, end=LATEST)
    said = books.verify(last, "--previous", empty, "--json")
    assert (said.status, "previous-lines" in said.codes("not_proven")) == (0, True)
    said = books.verify(last, "--previous", stated[0], "--previous", empty)
    assert (said.status, "Line 12 of statement 3 comes after line 10" in said.text) == (1, True)


def test_statements_without_lines_do_not_break_the_numbers(books, stated):
    empty, _ = books.state(start=END, end=LATER)
    last, _ = books.state(call(20), start=LATER, end=LATEST)
    said = books.verify(last, "--previous", empty, "--previous", stated[0])
    assert (said.status, "It follows statement 2 and 1, with no time between them" in said.text) == (0, True)
    assert "No line number is missing" in said.text


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"lines": {"count": 10, "first": 1, "last": 12}}, "It has 10 lines, and numbers for 12"),
        ({"lines": {"count": 10, "first": 2, "last": 11}}, "The project's lines begin with number 2"),
        ({"lines": {"count": 10, "first": None, "last": None}}, "It has 10 lines, and numbers for 0"),
        ({"totals": []}, "Its totals do not match 10 lines"),
        ({"previous": "x"}, "Exactly the first statement must have no previous one"),
        ({"start": "2026-10-01T00:00:00.000000Z"}, "Exactly the first statement must have no previous one"),
        ({"number": 2}, "Exactly the first statement must have no previous one"),
    ],
)
def test_a_statement_that_contradicts_itself_is_refuted_in_spite_of_its_signature(books, stated, members, fault):
    said = {name: value for name, value in json.loads(stated[0].read_bytes()).items() if name != "signature"}
    lines_ = {"lines": said["lines"] | members["lines"]} if "lines" in members else {}
    stated[0].write_bytes(signing.sign(said | members | lines_, books.signer.private))
    found = books.verify(stated[0], "--lines", stated[1])
    assert (found.status, f"The statement contradicts itself: {fault}" in found.text) == (1, True)


def signed_with(books, path, totals):
    """Sign a statement again with other totals."""
    said = {name: value for name, value in json.loads(path.read_bytes()).items() if name != "signature"}
    path.write_bytes(signing.sign(said | {"totals": totals}, books.signer.private))


@pytest.mark.parametrize(
    ("extra", "fault"),
    [
        ({"amount": "1000000"}, "The total of openai:gpt-5 has no line"),
        ({"currency": "EUR", "amount": "77"}, "The total of openai:gpt-5 has no line"),
    ],
)
def test_a_total_that_no_line_adds_to_is_refuted(books, stated, extra, fault):
    (total, *others) = json.loads(stated[0].read_bytes())["totals"]
    empty = {name: "0" for name in total if name not in ("model", "currency")}
    signed_with(books, stated[0], [total, *others, {**total, **empty, **extra}])
    assert fault in books.verify(stated[0]).text
    said = books.verify(stated[0], "--lines", stated[1])
    assert (said.status, "The lines of openai:gpt-5 do not add up" in said.text) == (1, True)
    assert "totals" not in books.verify(stated[0], "--lines", stated[1], "--json").codes("proven")


def test_a_total_that_is_split_in_two_is_refuted(books, stated):
    (total, *others) = json.loads(stated[0].read_bytes())["totals"]
    rest = {**total, "calls": str(int(total["calls"]) - 1)}
    one = {**dict.fromkeys(total, "0"), "model": total["model"], "currency": total["currency"], "calls": "1"}
    signed_with(books, stated[0], [rest, one, *others])
    assert "openai:gpt-5 has two totals in USD" in books.verify(stated[0]).text


def test_a_count_that_is_no_number_is_refuted(books, stated):
    said = {name: value for name, value in json.loads(stated[0].read_bytes()).items() if name != "signature"}
    said["totals"][0]["calls"] = "many"
    stated[0].write_bytes(signing.sign(said, books.signer.private))
    assert books.verify(stated[0]).status == 1


def test_another_statement_in_place_of_the_one_before_is_seen(books, stated, tmp_path):
    following, _ = books.state(call(20), start=END)
    (tmp_path / "other").mkdir()
    other = StatementFolder(tmp_path / "other", books.signer).state(*(call(number) for number in range(10)), end=END)[0]
    assert books.verify(following, "--previous", other).status == 0
    forged = StatementFolder(tmp_path / "other", books.signer).state(
        *(call(number, cost=None) for number in range(10)), end=END
    )[0]
    said = books.verify(following, "--previous", forged)
    assert (said.status, "does not follow statement 1" in said.text) == (1, True)


def test_without_more_than_the_statement_the_rest_is_not_proven(books, stated):
    said = books.verify(stated[0], "--json")
    assert said.status == 0
    assert said.codes("proven") == ["signature"]
    assert said.codes("not_proven") == ["key-owner", "truth", "logged", "lines", "operator"]


def test_a_correction_adds_the_difference(books, stated):
    before = {str(call(number).id): line_of_csv(stated[1], number) for number in range(10)}
    statement, table = books.state(call(4, cost=call(4).cost - 1), stated=before, start=END)
    assert [row[:3] for row in rows(table)[1:]] == [["11", "correction", "5"]]
    (total,) = json.loads(statement.read_bytes())["totals"]
    assert (total["amount"], total["calls"], total["corrections"], total["input_tokens"]) == ("-1", "0", "1", "0")
    assert books.verify(statement, "--lines", table, "--previous", stated[0]).status == 0
