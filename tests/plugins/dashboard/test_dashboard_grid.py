"""Very many aliases and profiles side by side: visible and hidden ones, and memory."""

import tracemalloc
from datetime import UTC, datetime

import pytest

from llmring_dashboard.aliases.grid import build_grid
from llmring_server.contracts.aliases import BoundAlias

MINI, PRO = "openai:gpt-5-mini", "google:gemini-2.5-pro"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def bound(alias, profile="default", model=MINI):
    return BoundAlias(profile=profile, alias=alias, model=model, change=1, updated_at=NOW)


def test_hidden_cells_take_no_memory():
    bindings = [bound(f"a{n:04}", f"p{n:04}") for n in range(3_000)]
    tracemalloc.start()
    grid = build_grid(bindings)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
    assert (len(grid.profiles), grid.hidden_profiles, len(grid.rows), grid.hidden_rows) == (20, 2_980, 50, 2_950)
    assert sum(len(row.cells) for row in grid.rows) == 1_000


def test_a_chosen_profile_shows_the_aliases_that_it_binds():
    bindings = [bound("a", f"p{n:02}") for n in range(30)] + [bound("b", "p29", PRO), bound("c")]
    grid = build_grid(bindings, profile="p29")
    assert (grid.profiles, grid.hidden_profiles) == (["p29"], 30)
    assert [(row.alias, [cell.model for cell in row.cells]) for row in grid.rows] == [("a", [MINI]), ("b", [PRO])]


@pytest.mark.parametrize(
    ("last", "differs"), [({"profile": "p29", "model": PRO}, True), ({"profile": "p29"}, False), (None, True)]
)
def test_a_difference_in_a_profile_that_is_not_shown_is_one_too(last, differs):
    bindings = [bound("a", f"p{n:02}") for n in range(29)] + [bound("b", "p29")]
    bindings += [bound("a", **last)] if last else []
    (row,) = (row for row in build_grid(bindings).rows if row.alias == "a")
    assert row.differs is differs


def test_of_many_profiles_the_first_are_columns_and_another_can_be_chosen(llmring_live, browse):
    server = llmring_live(["dashboard", "aliases"])
    body = [{"alias": "fast", "model": MINI, "profile": f"p{n:02}"} for n in range(25)]
    body.append({"alias": "late", "model": PRO, "profile": "p24"})
    assert server.client("one").post("/api/v1/aliases/bulk_upsert", json=body).status_code == 200
    page = browse(server).open("/ui/aliases")
    assert page.head("#aliases") == ["Alias", *(f"p{n:02}" for n in range(20)), "Profiles"]
    assert page.text("#others").startswith("5 more profiles are not shown")
    assert page.page.css_first("#profiles option[value=p24]") is not None
    page.send("form.filters", profile="p24")
    assert page.head("#aliases") == ["Alias", "p24", "Profiles"]
    assert [(row[0], row[1].split()[0], row[2]) for row in page.words("#aliases")] == [
        ("fast", MINI, "Same"),
        ("late", PRO, "Different"),
    ]
    assert page.field("#field-profile") == "p24"
    assert "No matching aliases" in page.send("form.filters", profile="nowhere").text("main")
