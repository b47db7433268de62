"""A start without a plugin that the database needs is refused, or triggers a warning."""

import logging
from contextlib import asynccontextmanager

import pytest

from llmring_server.database.required_plugins import expect_plugin, require_plugin
from llmring_server.errors import StartupError
from llmring_server.testing import make_plugin

WAY_ON = (
    "plugin 'acme' is not enabled, but this database needs it: it has ledgers. Add it to plugins (LLMRING_PLUGINS); to "
    "do without it from now on, set LLMRING_RETIRED_PLUGINS=acme"
)


def acme(record):
    """Return a plugin that records at its start that the database needs it."""

    @asynccontextmanager
    async def lifespan(server):
        async with server.database.transaction() as connection:
            await record(connection, "acme", "it has ledgers")
        yield

    return make_plugin("acme", llmring_lifespan=lambda server: lifespan(server))


def test_a_start_without_a_required_plugin_is_refused(llmring_live):
    llmring_live([acme(require_plugin)])
    with pytest.raises(StartupError) as refused:
        llmring_live([])
    assert str(refused.value) == WAY_ON
    llmring_live([acme(require_plugin)])


def test_a_required_plugin_may_be_retired_deliberately(llmring_live):
    llmring_live([acme(require_plugin)])
    assert llmring_live([], retired_plugins=("acme",)).client().get("/health").status_code == 200


def test_a_start_without_an_expected_plugin_triggers_a_warning(llmring_live, caplog):
    llmring_live([acme(expect_plugin)])
    with caplog.at_level(logging.WARNING):
        llmring_live([])
        llmring_live([], retired_plugins=("acme",))
    assert [message for message in caplog.messages if "acme" in message] == [WAY_ON]


def test_commands_refuse_it_too(llmring_live, llmring_cli):
    llmring_live(["usage", acme(require_plugin)])
    refused = llmring_cli("usage", "verify", LLMRING_PLUGINS="usage")
    assert (refused.returncode, refused.stderr) == (1, f"llmring-server: {WAY_ON}\n")
