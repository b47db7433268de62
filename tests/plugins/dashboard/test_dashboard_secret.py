"""The secret of sessions: outside the database where there is a data folder, else with a warning."""

import multiprocessing

import pytest

from llmring_dashboard.session.secret_store import FILE, load_or_create_file
from llmring_server.errors import StartupError
from llmring_server.testing import live, make_settings

WARNING = "the secret of the dashboard's sessions is in the database alone"


@pytest.mark.parametrize(
    ("pepper", "secrets", "warned"),
    [("", [], True), ("a pepper", [], False), ("", ["a secret of sixteen characters"], False)],
    ids=["neither", "pepper", "secret"],
)
def test_a_secret_that_the_database_reveals_triggers_a_warning(llmring_live, caplog, pepper, secrets, warned):
    llmring_live(["dashboard"], key_pepper=pepper, dashboard={"session_secrets": secrets})
    assert (WARNING in caplog.text) == warned


def test_with_the_bundled_database_the_secret_is_in_the_data_folder(open_folder, caplog):
    folder = open_folder() / "data"
    with live(make_settings({}, plugins=("dashboard",), data_dir=folder), ["dashboard"]) as server:
        assert server.rows("SELECT * FROM dashboard_secrets") == []
        secret = (folder / FILE).read_text()
        assert len(secret) == 64
        assert (folder / FILE).stat().st_mode & 0o777 == 0o600
    assert WARNING not in caplog.text
    assert load_or_create_file(folder) == secret


def test_processes_that_start_together_share_one_secret(tmp_path):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(load_or_create_file, [tmp_path] * 16)
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    ("mode", "content", "reason"),
    [(0o640, "a" * 64, "other users may open .*; run `chmod 600"), (0o600, "", "is empty; remove it")],
)
def test_a_secret_that_is_none_is_refused(tmp_path, mode, content, reason):
    (tmp_path / FILE).write_text(content)
    (tmp_path / FILE).chmod(mode)
    with pytest.raises(StartupError, match=reason):
        load_or_create_file(tmp_path)


def test_a_folder_that_cannot_be_written_is_reported(tmp_path):
    with pytest.raises(StartupError, match="cannot be stored"):
        load_or_create_file(tmp_path / "missing")
