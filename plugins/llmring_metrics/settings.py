"""Settings of metrics: conf table `[metrics]`, variables `LLMRING_METRICS_*`. Blank means unset."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from llmring_server.plugins.settings_model import PluginSettings

MIN_TOKEN_LENGTH = 16


class MetricsSettings(PluginSettings):
    """The settings of metrics.

    `token` is sent by a scraper as `Authorization: Bearer`; without one, requests are rejected. `label_sets` is the
    maximum number of combinations of project, provider and model with a series of their own. `folder` is the directory
    shared by the worker processes of one server, for process supervisors other than uvicorn's.
    """

    token: SecretStr | None = Field(
        None,
        min_length=MIN_TOKEN_LENGTH,
        description="Bearer token of a scrape, 16 characters or more. Unset: `/metrics` is 403.",
    )
    label_sets: int = Field(
        500, ge=0, le=10_000, description="Combinations of project, provider and model with series of their own."
    )
    folder: Path | None = Field(
        None, description="Folder that the workers of one server share. Needed under supervisors other than uvicorn's."
    )

    @field_validator("token", "folder", mode="before")
    @classmethod
    def _blank_means_unset(cls, value: object) -> object:
        return None if value == "" else value
