"""Settings of aliases: conf table `[aliases]`, variables `LLMRING_ALIASES_*`."""

from pydantic import Field, field_validator

from llmring_server.settings import PluginSettings, blank_means_unset


class AliasSettings(PluginSettings):
    """What a deployment decides about aliases.

    `cached_aliases` bounds what each process keeps in memory (about 1 KB an alias). `retention_days` drops changes from
    the history that are older than that.
    """

    cached_aliases: int = Field(50_000, ge=1, description="aliases that a process keeps in memory")
    heartbeat_seconds: float = Field(15.0, gt=0, le=300, description="between comments on a quiet stream of changes")
    watchers: int = Field(8_000, ge=1, description="streams of changes that a process holds before 503")
    project_watchers: int = Field(2_000, ge=1, description="streams of one project that it holds before 429")
    retention_days: int | None = Field(None, ge=1, le=36_500)

    _unset = field_validator("retention_days", mode="before")(blank_means_unset)
