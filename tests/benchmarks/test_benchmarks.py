"""The arithmetic of the benchmarks; nothing is timed."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks import table
from benchmarks.cases import entries
from benchmarks.load import messages
from benchmarks.measure import Case, Measured, Request, Sample
from benchmarks.scales import DENSE, Scale, spans

END = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("rows", [10_000, 1_000_000, 10_000_000])
def test_the_spans_of_a_scale_contain_all_its_rows_and_cross_no_month(rows: int) -> None:
    found = list(spans(Scale(rows, 100), END))
    assert sum(span.rows for span in found) == rows
    assert all(before.end == after.start for before, after in itertools.pairwise(found))
    assert all(span.start.month == (span.end - timedelta(microseconds=1)).month for span in found)
    assert sum(span.rows for span in found if span.start >= END - DENSE) == rows * 4 // 10


def test_all_logged_combinations_are_different() -> None:
    sent = entries(100)
    assert len({(entry["model"], entry["alias"], entry["origin"]) for entry in sent}) == 100


def test_a_body_is_sent_with_its_length() -> None:
    (sent,) = messages("http://127.0.0.1:80/x?y=1", ["A: b"], [b"{}"])
    assert sent == b"POST /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:80\r\nA: b\r\nContent-Length: 2\r\n\r\n{}"


def test_a_line_has_entries_per_second_and_the_ratio_of_requests() -> None:
    case = Case("batch", Request("/"), 4, "≥ 1", entries=1_000)
    line = table.figures(Measured(case, Sample(50, 1, 2, 0, 900, 90), Sample(10_000, 1, 2, 0, 20, 0)))
    assert line[:4] == ("batch", "4", "50,000", "1.00")
    assert line[-2:] == ("0.0050", "≥ 1")


def test_writing_replaces_the_text_between_the_markers(tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    table.write(page, "new")
    assert page.read_text() == f"before\n{table.BEGIN}\nnew\n{table.END}\nafter\n"
    page.write_text("no markers")
    with pytest.raises(ValueError, match="has no <!-- bench:begin"):
        table.write(page, "new")
