"""Settings of projects: conf table `[projects]`. Blank means unset."""

from pydantic import AliasChoices, Field, SecretStr, field_validator

from llmring_server.plugins.settings_model import PluginSettings, blank_means_unset

MIN_TOKEN_LENGTH = 16


class ProjectSettings(PluginSettings):
    """The settings of projects; `operator_token` opens the figures of all projects."""

    operator_token: SecretStr | None = Field(
        None,
        min_length=MIN_TOKEN_LENGTH,
        validation_alias=AliasChoices("operator_token", "LLMRING_OPERATOR_TOKEN"),
        description="Bearer token of `/api/v1/operator/…`, 16 characters or more. Unset: these routes are 403.",
    )

    _unset = field_validator("operator_token", mode="before")(blank_means_unset)
