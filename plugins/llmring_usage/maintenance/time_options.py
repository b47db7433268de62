"""The options `--since` and `--until` of commands."""

from zoneinfo import ZoneInfo

import click

from llmring_server.http.errors import Problem
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.periods import Range, parse_range


def parse_span(settings: UsageSettings, since: str | None, until: str | None) -> Range:
    """Return the range of time of the options, in the reporting zone.

    Raises:
        click.BadParameter: not a date or a time.
    """
    try:
        return parse_range(since, until, ZoneInfo(settings.timezone))
    except Problem as problem:
        raise click.BadParameter(str(problem.description)) from problem
