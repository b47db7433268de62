"""`llmring-server keys list` shows the names of projects."""

import pytest


@pytest.mark.parametrize(("plugins", "shown"), [("keys,projects", "acme"), ("keys", "-")])
def test_keys_are_listed_with_the_name_of_their_project(llmring_cli, llmring_database, plugins, shown):
    variables = {"LLMRING_PLUGINS": plugins, "LLMRING_DATABASE_URL": llmring_database["database_url"],
                 "LLMRING_DATABASE_SCHEMA": llmring_database["database_schema"]}  # fmt: skip
    assert llmring_cli("keys", "create", "--new-project", "acme", "--scope", "read", **variables).returncode == 0
    head, row = llmring_cli("keys", "list", **variables).stdout.splitlines()
    at = head.index("project name")
    assert row[at:].split()[0] == shown
