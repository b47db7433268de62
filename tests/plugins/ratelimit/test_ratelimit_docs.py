"""docs/how-to/rate-limits.md and conf/team.toml against the code."""

import re
import tomllib
from pathlib import Path

from llmring_ratelimit.models import parse_limit
from llmring_ratelimit.settings import RateLimitSettings
from llmring_server.settings import conf_path, read_conf

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "rate-limits.md"


def test_the_example_sets_every_limit():
    (example,) = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    given = tomllib.loads(example)["ratelimit"]
    assert set(given) == set(RateLimitSettings.model_fields)
    assert set(RateLimitSettings(**given).limits) == set(given) - {"public"}


def test_every_limit_that_is_shown_is_one():
    shown = re.findall(r"[`\"](\d+/[a-z][^`\"]*)[`\"]", PAGE.read_text())
    assert len(shown) > 3
    assert all(map(parse_limit, shown))


def test_the_limits_of_the_team_conf_are_read():
    limits = RateLimitSettings(**read_conf(conf_path("team"))["ratelimit"]).limits
    assert set(limits) == {"ingest", "read", "admin", "public"}
    assert limits["ingest"].burst == 5000
