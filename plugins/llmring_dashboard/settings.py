"""Settings of the dashboard: conf table `[dashboard]`, variables `LLMRING_DASHBOARD_*`."""

from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from llmring_server.settings import PluginSettings, split_list

SHORTEST_SECRET = 16


class DashboardSettings(PluginSettings):
    """Sessions and sign-in attempts.

    `session_secrets` sign the sessions: the first signs, and all verify, so that a secret can be rotated by putting a
    new one first. Without one, the server derives its own from its pepper and a random value in the database.
    """

    session_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    session_hours: float = Field(12, gt=0, le=24 * 30)
    sign_in_attempts: int = Field(20, ge=1, description="sign-in attempts per client address in five minutes")

    _lists = field_validator("session_secrets", mode="before")(split_list)

    @field_validator("session_secrets")
    @classmethod
    def _are_long(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(secret.get_secret_value()) < SHORTEST_SECRET for secret in value):
            raise ValueError(f"must have at least {SHORTEST_SECRET} characters; make one with `openssl rand -hex 32`")
        return value
