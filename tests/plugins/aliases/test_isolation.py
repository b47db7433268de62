"""Projects never see each other's aliases."""

import pytest

BASE = "/api/v1/aliases"


@pytest.fixture
def two(start_server):
    server = start_server(["aliases"])
    mine, theirs = server.client("mine"), server.client("theirs")
    mine.post(f"{BASE}/bind", json={"alias": "a", "model": "m:mine", "metadata": {"secret": "word"}})
    return mine, theirs


@pytest.mark.parametrize("path", [f"{BASE}/a", f"{BASE}/resolve?alias=a"])
def test_an_alias_of_another_project_looks_like_an_unknown_one(two, path):
    mine, theirs = two
    assert mine.get(path).status_code == 200
    unknown = theirs.get(path.replace("=a", "=b") if "=" in path else f"{BASE}/b")
    response = theirs.get(path)
    assert response.status_code == unknown.status_code == 404
    assert "word" not in response.text


def test_a_list_contains_only_aliases_of_the_project(two):
    mine, theirs = two
    assert [alias["model"] for alias in mine.get(BASE).json()] == ["m:mine"]
    assert theirs.get(BASE).json() == []


def test_the_same_name_in_two_projects_is_two_aliases(two):
    mine, theirs = two
    assert theirs.put(f"{BASE}/a", json={"model": "m:theirs"}).json()["version"] == 1
    assert theirs.post(f"{BASE}/bulk_upsert", json=[{"alias": "a", "model": "m:bulk"}]).json() == {"updated": 1}
    assert mine.get(f"{BASE}/a").json()["model"] == "m:mine"
    assert theirs.get(f"{BASE}/a").json()["model"] == "m:bulk"


def test_deleting_affects_no_other_project(two):
    mine, theirs = two
    assert theirs.delete(f"{BASE}/a").json() == {"deleted": False}
    assert mine.get(f"{BASE}/a").status_code == 200
