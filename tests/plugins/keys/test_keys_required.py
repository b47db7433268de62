"""A replica without the plugin does not start on a database with managed keys: any key would open a project there."""

import pytest

from llmring_server.errors import StartupError


def test_a_replica_without_the_plugin_is_refused(llmring_live):
    llmring_live(["keys", "usage"])
    with pytest.raises(StartupError, match=r"'keys' is not enabled.*has managed keys.*LLMRING_RETIRED_PLUGINS=keys"):
        llmring_live(["usage"])
    assert llmring_live(["usage"], retired_plugins=("keys",)).client().get("/api/v1/stats").status_code == 200


def test_keys_may_be_adopted_before_the_replicas_enable_the_plugin(llmring_live, llmring_cli):
    llmring_live(["usage"])
    adopted = llmring_cli(
        "keys", "adopt", LLMRING_PLUGINS="usage,keys", LLMRING_ADOPT_KEY="a-key-of-our-clients-for-years"
    )
    assert adopted.returncode == 0, adopted.stderr
    assert llmring_live(["usage"]).client().get("/api/v1/stats").status_code == 200
