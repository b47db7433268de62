"""Settings of aliases: conf table `[aliases]`, variables `LLMRING_ALIASES_*`."""

from pydantic import Field, field_validator

from llmring_server.plugins.settings_model import PluginSettings, blank_means_unset


class AliasSettings(PluginSettings):
    """Settings of the alias feature.

    `cached_aliases` limits the cache of each process, in KiB: an alias counts as its names, model and lists, at most
    1 KiB without metadata. `retention_days` is the age at
    which changes are dropped from the history.
    """

    cached_aliases: int = Field(
        50_000,
        ge=1,
        description="Aliases that each process caches, as many KiB in all; the least recently used go first.",
    )
    heartbeat_seconds: float = Field(
        15.0, gt=0, le=300, description="Seconds between comments on an idle event stream."
    )
    watchers: int = Field(8_000, ge=1, description="Event streams per process; one more is 503.")
    project_watchers: int = Field(2_000, ge=1, description="Event streams per project and process; one more is 429.")
    retention_days: int | None = Field(
        None, ge=1, le=36_500, description="Days after which changes are dropped from the history. Unset: never."
    )

    _unset = field_validator("retention_days", mode="before")(blank_means_unset)
