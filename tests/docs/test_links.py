"""Every link of the documents leads somewhere, every document is reachable, and the map of the tree is complete."""

import re

import pytest
from docs_kit import DOCS, LINK, PAGES, ROOT, anchors, name_of, prose, read


def links(page):
    """Return a page's relative links as target and anchor, each target resolved."""
    found = [link.partition("#") for link in LINK.findall(prose(page)) if "://" not in link]
    return [((page.parent / target).resolve() if target else page, anchor) for target, _, anchor in found]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file(page):
    assert [str(target) for target, _ in links(page) if not target.exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_anchor_is_a_heading(page):
    assert [(str(target), anchor) for target, anchor in links(page) if anchor and anchor not in anchors(target)] == []


def test_links_are_found():
    assert sum(len(links(page)) for page in PAGES) > 150


def test_every_document_is_in_the_index():
    listed = {target for target, _ in links(DOCS / "README.md")}
    assert {page for page in PAGES if page.parent != ROOT} - listed == {DOCS / "README.md"}


def test_every_picture_is_shown():
    shown = {target for page in PAGES for target, _ in links(page)}
    assert set((DOCS / "images").iterdir()) <= shown


def test_the_map_of_the_tree_has_every_folder_and_none_besides():
    rows = re.findall(r"^\| (`[^|]+) \|", read("docs/explanation/architecture.md"), re.MULTILINE)
    named = {name.rstrip("/") for row in rows for name in re.findall(r"`([\w/]+/)`", row)}
    host = {name_of(path.parent) for path in (ROOT / "llmring_server").glob("*/__init__.py")}
    others = {"benchmarks", "conf", "deploy", "docs", "llmring_server", "requirements", "tests"}
    assert named >= host | others
    assert [name for name in named if not (ROOT / name).is_dir()] == []
